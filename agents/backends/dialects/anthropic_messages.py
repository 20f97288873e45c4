"""Anthropic's messages, and every server that speaks like it."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from agents.backends.dialect import Call, Reading
from agents.backends.dialects import anthropic_messages_request
from agents.backends.dialects.anthropic_messages_stream import (
    Block,
    MessageStream,
    arguments,
    counts,
    normal,
    said,
    usage,
)
from agents.backends.dialects.reading import SSE_TYPES, SSEReading, decoded, refuse
from agents.backends.protocol import ChatRequest, Delta, Finished, ToolCallDelta
from agents.backends.transport.redaction import Redaction
from agents.errors import BackendProtocolError

VERSION: Final = "2023-06-01"


class _Message(msgspec.Struct, frozen=True):
    content: list[Block] | None = None
    stop_reason: str | None = None
    usage: Any = None
    error: Any = None


_decoder: Final = msgspec.json.Decoder(_Message)


class AnthropicMessagesDialect:
    """`POST /messages`; a stream of typed events that ends with `message_stop`."""

    kind = "anthropic"
    label = "Anthropic-compatible server"
    path = "/messages"
    media_types = SSE_TYPES

    def headers(self, key: str | None) -> Mapping[str, str]:
        shown = {"x-api-key": key} if key else {}
        return {
            "Content-Type": "application/json",
            "Accept-Encoding": "identity",
            "anthropic-version": VERSION,
            **shown,
        }

    def body(self, request: ChatRequest, call: Call) -> Mapping[str, Any]:
        return anthropic_messages_request.body(request, call)

    def reading(self, redaction: Redaction) -> Reading:
        return SSEReading(MessageStream(redaction))

    def whole(self, body: bytes, redaction: Redaction) -> list[Delta]:
        message = decoded(_decoder, body, "The answer")
        if message.error:
            refuse(message.error, redaction)
        if message.content is None:
            raise BackendProtocolError("The answer has no content.")
        end = Finished(normal(message.stop_reason), usage(counts(message.usage)))
        return [*_deltas(message.content), end]


def _deltas(content: list[Block]) -> list[Delta]:
    deltas: list[Delta] = []
    calls = 0
    for block in content:
        deltas += said(block)
        if block.type == "tool_use":
            deltas.append(ToolCallDelta(calls, block.id, block.name, arguments(block)))
            calls += 1
    return deltas
