"""The backends by name, for those who make one themselves: each is an `HTTPBackend` of one dialect."""

from typing import Any

from agents.backends.dialects.anthropic_messages import AnthropicMessagesDialect
from agents.backends.dialects.ollama import OllamaDialect
from agents.backends.dialects.openai_chat import OpenAIChatDialect
from agents.backends.dialects.openai_responses import OpenAIResponsesDialect
from agents.backends.dialects.sse_gateway import SSEGatewayDialect
from agents.backends.http_backend import HTTPBackend


class OpenAIChat(HTTPBackend):
    """OpenAI's chat completions, and every server that speaks like it. Raises `InvalidBackend`.

    `options` as `HTTPBackend` takes them; `model` must be given.
    """

    def __init__(
        self, base_url: str = "https://api.openai.com/v1", *, name: str = "openai", **options: Any
    ) -> None:
        super().__init__(OpenAIChatDialect(), base_url, name=name, **options)


class AnthropicMessages(HTTPBackend):
    """Anthropic's messages, and every server that speaks like it. Raises `InvalidBackend`.

    `options` as `HTTPBackend` takes them; `model` must be given.
    """

    def __init__(
        self, base_url: str = "https://api.anthropic.com/v1", *, name: str = "anthropic", **options: Any
    ) -> None:
        super().__init__(AnthropicMessagesDialect(), base_url, name=name, **options)


class OpenAIResponses(HTTPBackend):
    """OpenAI's Responses, and every server that speaks like it. Raises `InvalidBackend`.

    `options` as `HTTPBackend` takes them; `model` must be given.
    """

    def __init__(
        self, base_url: str = "https://api.openai.com/v1", *, name: str = "openai-responses", **options: Any
    ) -> None:
        super().__init__(OpenAIResponsesDialect(), base_url, name=name, **options)


class Ollama(HTTPBackend):
    """Ollama's own protocol. Raises `InvalidBackend`.

    `options` as `HTTPBackend` takes them; `model` must be given.
    """

    def __init__(
        self, base_url: str = "http://127.0.0.1:11434", *, name: str = "ollama", **options: Any
    ) -> None:
        super().__init__(OllamaDialect(), base_url, name=name, **options)


class SSEGateway(HTTPBackend):
    """Any server that streams JSON as server-sent events; `base_url` is the whole address of its requests.

    `options` as `HTTPBackend` takes them; `model` must be given. Raises `InvalidBackend`.
    """

    def __init__(self, base_url: str, *, name: str = "sse", **options: Any) -> None:
        super().__init__(SSEGatewayDialect(), base_url, name=name, **options)
