"""Backends: whoever answers, behind one port."""

from agents.backends.configured import BackendConfig, backends_from, entries
from agents.backends.protocol import (
    Backend,
    ChatMessage,
    ChatRequest,
    Delta,
    Finished,
    ReasoningDelta,
    TextDelta,
    Tool,
    ToolCall,
    ToolCallDelta,
)
from agents.backends.providers import AnthropicMessages, Ollama, OpenAIChat, OpenAIResponses, SSEGateway
from agents.backends.scripted import Scripted
from agents.backends.settings import make_backends

__all__ = [
    "AnthropicMessages",
    "Backend",
    "BackendConfig",
    "ChatMessage",
    "ChatRequest",
    "Delta",
    "Finished",
    "Ollama",
    "OpenAIChat",
    "OpenAIResponses",
    "ReasoningDelta",
    "SSEGateway",
    "Scripted",
    "TextDelta",
    "Tool",
    "ToolCall",
    "ToolCallDelta",
    "backends_from",
    "entries",
    "make_backends",
]
