"""The body of a request for a streamed chat completion. Pure."""

from typing import Any, Final

import msgspec

from agents.backends.protocol import ChatRequest
from agents.errors import BackendRejected

_OPENAI: Final = ("api.openai.com", ".openai.azure.com")


def encoded(request: ChatRequest, default_model: str, *, host: str) -> bytes:
    """As `host` understands it. Raises `BackendRejected` for text that JSON cannot say."""
    # OpenAI's newer models refuse `max_tokens`, and other servers do not know its successor.
    limit = "max_completion_tokens" if host.endswith(_OPENAI) else "max_tokens"
    options = {limit: request.max_tokens, "temperature": request.temperature}
    body: dict[str, Any] = {
        "model": request.model or default_model,
        "messages": request.messages,
        "stream": True,
        "stream_options": {"include_usage": True},
        **{name: value for name, value in options.items() if value is not None},
    }
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError:
        raise BackendRejected("The request is not Unicode text: it has half of a surrogate pair.") from None
