"""Decides what the events of a streamed message mean. Pure: server-sent events in, deltas out.

`message_stop` ends it. Without that it is cut, whatever it said before.
"""

import json
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from agents.backends.dialects.reading import count
from agents.backends.dialects.typed_stream import TypedStream
from agents.backends.protocol import Delta, Finished, ReasoningDelta, TextDelta, ToolCallDelta
from agents.backends.transport.redaction import Redaction
from shared_events.events import Usage

_REASONS: Final = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
_INPUT: Final = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
_COUNTS: Final = (*_INPUT, "output_tokens")


class Block(msgspec.Struct, frozen=True):
    """A block of a message, or the beginning of one. Signatures, citations and the like are passed over."""

    type: str = ""
    text: str | None = None
    thinking: str | None = None
    id: str | None = None
    name: str | None = None
    input: Any = None


class _Piece(msgspec.Struct, frozen=True, gc=False):
    type: str = ""
    text: str | None = None
    thinking: str | None = None
    partial_json: str | None = None


class _BlockStart(msgspec.Struct, frozen=True):
    content_block: Block
    index: int = 0


class _BlockDelta(msgspec.Struct, frozen=True, gc=False):
    delta: _Piece
    index: int = 0


class _BlockStop(msgspec.Struct, frozen=True):
    index: int = 0


class _Ending(msgspec.Struct, frozen=True):
    stop_reason: str | None = None
    usage: Any = None


class _MessageStart(msgspec.Struct, frozen=True):
    message: _Ending = _Ending()


class _MessageDelta(msgspec.Struct, frozen=True):
    delta: _Ending = _Ending()
    usage: Any = None


_start: Final = msgspec.json.Decoder(_MessageStart)
_block_start: Final = msgspec.json.Decoder(_BlockStart)
_block_delta: Final = msgspec.json.Decoder(_BlockDelta)
_block_stop: Final = msgspec.json.Decoder(_BlockStop)
_delta: Final = msgspec.json.Decoder(_MessageDelta)


class _Call(msgspec.Struct):
    """A tool call that has begun. `given` is an input that came at its beginning already."""

    index: int
    given: str


class MessageStream(TypedStream):
    """`feed` it each event; at the end of the stream `finish` says whether the answer is complete."""

    def __init__(self, redaction: Redaction) -> None:
        super().__init__(redaction)
        self._takes = {
            "content_block_delta": self._piece,
            "content_block_start": self._begin,
            "content_block_stop": self._end,
            "message_start": self._start,
            "message_delta": self._change,
            "message_stop": self._stop,
        }
        self._reason: str | None = None
        self._counts: dict[str, int] = {}
        self._calls: dict[int, _Call] = {}
        self._begun = 0

    def finish(self) -> Finished:
        """How the answer ended. Raises `BackendIncomplete` if it did not."""
        self._check_end()
        return Finished(normal(self._reason), usage(self._counts))

    def _piece(self, data: bytes) -> list[Delta]:
        event = self._decoded(_block_delta, data)
        piece = event.delta
        if piece.type == "text_delta" and piece.text:
            return [TextDelta(piece.text)]
        if piece.type == "thinking_delta" and piece.thinking:
            return [ReasoningDelta(piece.thinking)]
        if piece.type == "input_json_delta" and piece.partial_json:
            return self._argue(event.index, piece.partial_json)
        return []

    def _argue(self, index: int, text: str) -> list[Delta]:
        # Anthropic's own tools have arguments too: those are done over there.
        call = self._calls.get(index)
        if call is None:
            return []
        call.given = ""
        return [ToolCallDelta(call.index, arguments=text)]

    def _begin(self, data: bytes) -> list[Delta]:
        event = self._decoded(_block_start, data)
        block = event.content_block
        if block.type == "tool_use":
            call = _Call(self._begun, arguments(block))
            self._calls[event.index] = call
            self._begun += 1
            return [ToolCallDelta(call.index, block.id, block.name)]
        return said(block)

    def _end(self, data: bytes) -> list[Delta]:
        call = self._calls.pop(self._decoded(_block_stop, data).index, None)
        return _given([call] if call is not None else [])

    def _start(self, data: bytes) -> list[Delta]:
        self._count(self._decoded(_start, data).message.usage)
        return []

    def _change(self, data: bytes) -> list[Delta]:
        event = self._decoded(_delta, data)
        self._reason = event.delta.stop_reason or self._reason
        self._count(event.usage)
        return []

    def _stop(self, _: bytes) -> list[Delta]:
        self.done = True
        return _given(self._calls.values())

    def _count(self, reported: Any) -> None:
        # Counts are totals: a later one stands for an earlier one, and one that is left out for itself.
        self._counts |= counts(reported)


def _given(calls: Iterable[_Call]) -> list[Delta]:
    return [ToolCallDelta(call.index, arguments=call.given) for call in calls if call.given]


def said(block: Block) -> list[Delta]:
    """The text or the thoughts of a block."""
    if block.type == "text" and block.text:
        return [TextDelta(block.text)]
    if block.type == "thinking" and block.thinking:
        return [ReasoningDelta(block.thinking)]
    return []


def arguments(block: Block) -> str:
    """The input of a tool call as JSON text; empty if there is none."""
    return json.dumps(block.input, ensure_ascii=False) if block.input else ""


def normal(reason: str | None) -> str:
    """A `stop_reason` under the name that all backends give it; none is a good end."""
    return _REASONS.get(reason, reason) if reason else "stop"


def counts(reported: Any) -> dict[str, int]:
    """The counts in a `usage`, by name."""
    if not isinstance(reported, dict):
        return {}
    known = {name: count(reported.get(name)) for name in _COUNTS}
    return {name: value for name, value in known.items() if value is not None}


def usage(counted: dict[str, int]) -> Usage | None:
    """All tokens read, from the cache or into it or neither, and written; None if nobody counted."""
    read = [counted[name] for name in _INPUT if name in counted]
    written = counted.get("output_tokens")
    if not read and written is None:
        return None
    return Usage(input_tokens=sum(read) if read else None, output_tokens=written)
