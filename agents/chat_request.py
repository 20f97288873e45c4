"""Turns what an agent's author passes to `stream` into a request that any backend understands. Pure."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeAlias

import msgspec
from msgspec import Meta

from agents.backends.protocol import ChatMessage, ChatRequest

Messages: TypeAlias = str | Sequence[ChatMessage | Mapping[str, str]]
"""A prompt, or a conversation: `ChatMessage`s or `{"role": "system|user|assistant", "content": "…"}`."""


class _Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    messages: Annotated[tuple[ChatMessage, ...], Meta(min_length=1)]
    model: Annotated[str, Meta(min_length=1)] | None
    max_tokens: Annotated[int, Meta(ge=1)] | None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None


def chat_request(messages: Messages, **options: Any) -> ChatRequest:
    """The request for `messages` with `model`, `max_tokens` and `temperature`, each of them or None.

    Raises `ValueError` that says what is allowed.
    """
    conversation = [ChatMessage("user", messages)] if isinstance(messages, str) else messages
    try:
        wanted = msgspec.convert({"messages": conversation, **options}, _Wanted)
    except msgspec.ValidationError as error:
        raise ValueError(f"This cannot be asked of a model: {error}.") from error
    return ChatRequest(wanted.messages, wanted.model, wanted.max_tokens, wanted.temperature)
