"""Backends: whoever answers, behind one port."""

from agents.backends.configured import backends_from, entries
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
from agents.backends.providers import OpenAIChat
from agents.backends.scripted import Scripted
from agents.backends.settings import make_backends

__all__ = [
    "Backend",
    "ChatMessage",
    "ChatRequest",
    "Delta",
    "Finished",
    "OpenAIChat",
    "ReasoningDelta",
    "Scripted",
    "TextDelta",
    "Tool",
    "ToolCall",
    "ToolCallDelta",
    "backends_from",
    "entries",
    "make_backends",
]
