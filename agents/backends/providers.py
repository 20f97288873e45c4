"""The backends by name, for those who make one themselves: each is an `HTTPBackend` of one dialect.

They take what `HTTPBackend` takes; `model` must be given. All raise `InvalidBackend` for what cannot work.
"""

from typing import Unpack

from agents.backends.dialects.anthropic_messages import AnthropicMessagesDialect
from agents.backends.dialects.ollama import OllamaDialect
from agents.backends.dialects.openai_chat import OpenAIChatDialect
from agents.backends.dialects.openai_responses import OpenAIResponsesDialect
from agents.backends.dialects.sse_gateway import SSEGatewayDialect
from agents.backends.http_backend import HTTPBackend, HTTPOptions


class OpenAIChat(HTTPBackend):
    """OpenAI's chat completions, and every server that speaks like it."""

    def __init__(
        self,
        base_url: str = "https://api.openai.com/v1",
        *,
        name: str = "openai",
        **options: Unpack[HTTPOptions],
    ) -> None:
        super().__init__(OpenAIChatDialect(), base_url, name=name, **options)


class OpenAIResponses(HTTPBackend):
    """OpenAI's Responses, and every server that speaks like it."""

    def __init__(
        self,
        base_url: str = "https://api.openai.com/v1",
        *,
        name: str = "openai-responses",
        **options: Unpack[HTTPOptions],
    ) -> None:
        super().__init__(OpenAIResponsesDialect(), base_url, name=name, **options)


class AnthropicMessages(HTTPBackend):
    """Anthropic's messages, and every server that speaks like it. `base_url` with or without its `/v1`."""

    def __init__(
        self,
        base_url: str = "https://api.anthropic.com",
        *,
        name: str = "anthropic",
        **options: Unpack[HTTPOptions],
    ) -> None:
        versioned = base_url.rstrip("/").removesuffix("/v1") + "/v1"
        super().__init__(AnthropicMessagesDialect(), versioned, name=name, **options)


class Ollama(HTTPBackend):
    """Ollama's own protocol."""

    def __init__(
        self,
        base_url: str = "http://127.0.0.1:11434",
        *,
        name: str = "ollama",
        **options: Unpack[HTTPOptions],
    ) -> None:
        super().__init__(OllamaDialect(), base_url, name=name, **options)


class SSEGateway(HTTPBackend):
    """Any server that streams JSON as server-sent events; `base_url` is the whole address of its requests."""

    def __init__(self, base_url: str, *, name: str = "sse", **options: Unpack[HTTPOptions]) -> None:
        super().__init__(SSEGatewayDialect(), base_url, name=name, **options)
