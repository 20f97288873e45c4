"""Backends: whoever answers, behind one port."""

from agents.backends.configured import BackendConfig, backends_from, entries
from agents.backends.openai_chat import OpenAIChat
from agents.backends.protocol import Backend, ChatMessage, ChatRequest, Delta, Finished, TextDelta
from agents.backends.scripted import Scripted

__all__ = [
    "Backend",
    "BackendConfig",
    "ChatMessage",
    "ChatRequest",
    "Delta",
    "Finished",
    "OpenAIChat",
    "Scripted",
    "TextDelta",
    "backends_from",
    "entries",
]
