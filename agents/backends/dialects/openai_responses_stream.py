"""Decides what the events of a streamed response mean. Pure: server-sent events in, deltas out.

`response.completed`, `.incomplete` and `.failed` end it, or an `error`. Without one of them it is cut.

Where events are numbered, each number must follow the one before: with a gap or a repetition a piece of the
answer is missing or doubled, and that is an error. Servers that number nothing are believed.
"""

from functools import partial
from typing import Any, Final

import msgspec

from agents.backends.dialects.reading import count, refuse
from agents.backends.dialects.typed_stream import TypedStream
from agents.backends.protocol import Delta, Finished, ReasoningDelta, TextDelta, ToolCallDelta
from agents.backends.transport.redaction import Redaction
from agents.errors import BackendProtocolError
from shared_events.events import Usage

_REASONS: Final = {"max_output_tokens": "length"}
_ENDED: Final = {"completed", "incomplete", None}


class Part(msgspec.Struct, frozen=True):
    """A part of a message or of a reasoning."""

    type: str = ""
    text: str | None = None
    refusal: str | None = None


class Called(msgspec.Struct, frozen=True):
    """A `function_call` of the output, or what is there of it; other types are passed over."""

    type: str = ""
    id: str | None = None
    call_id: str | None = None
    name: str | None = None
    arguments: str | None = None


class Item(Called, frozen=True):
    """Anything of the output: a `function_call`, a `message`, a `reasoning`; other types are passed over."""

    content: list[Part] | None = None
    summary: list[Part] | None = None


class _Details(msgspec.Struct, frozen=True):
    reason: str | None = None


class Ending(msgspec.Struct, frozen=True):
    """What a response says of its end, and of what it cost."""

    status: str | None = None
    error: Any = None
    incomplete_details: _Details | None = None
    usage: Any = None


class _Numbered(msgspec.Struct, frozen=True, gc=False):
    sequence_number: int | None = None


class _Piece(msgspec.Struct, frozen=True, gc=False):
    delta: str = ""
    sequence_number: int | None = None


class _Argument(msgspec.Struct, frozen=True, gc=False):
    """A piece of the arguments of the call at `output_index`, or all of them."""

    delta: str = ""
    arguments: str | None = None
    output_index: int = 0
    sequence_number: int | None = None


class _ItemEvent(msgspec.Struct, frozen=True):
    item: Called = Called()
    output_index: int = 0
    sequence_number: int | None = None


class _End(msgspec.Struct, frozen=True):
    response: Ending = Ending()
    sequence_number: int | None = None


_numbered: Final = msgspec.json.Decoder(_Numbered)
_piece: Final = msgspec.json.Decoder(_Piece)
_argument: Final = msgspec.json.Decoder(_Argument)
_item: Final = msgspec.json.Decoder(_ItemEvent)
_end: Final = msgspec.json.Decoder(_End)


class _Call(msgspec.Struct):
    """A function call that has begun, and whether anything of its arguments has come."""

    index: int
    argued: bool = False


class ResponseStream(TypedStream):
    """`feed` it each event; at the end of the stream `finish` says whether the answer is complete."""

    def __init__(self, redaction: Redaction) -> None:
        super().__init__(redaction)
        self._takes = {
            "response.output_text.delta": self._text,
            "response.refusal.delta": self._text,
            "response.reasoning_text.delta": self._thought,
            "response.reasoning_summary_text.delta": self._thought,
            "response.function_call_arguments.delta": self._argue,
            "response.function_call_arguments.done": self._argue,
            "response.output_item.added": self._add,
            "response.output_item.done": self._complete,
            "response.completed": partial(self._end, "completed"),
            "response.incomplete": partial(self._end, "incomplete"),
            "response.failed": partial(self._end, "failed"),
        }
        self._calls: dict[int, _Call] = {}
        self._called = 0
        self._number: int | None = None
        self._ending = Finished("stop")

    def finish(self) -> Finished:
        """How the answer ended. Raises `BackendIncomplete` if it did not."""
        self._check_end()
        return self._ending

    def _text(self, data: bytes) -> list[Delta]:
        event = self._decoded(_piece, data)
        self._count(event.sequence_number)
        return [TextDelta(event.delta)] if event.delta else []

    def _thought(self, data: bytes) -> list[Delta]:
        event = self._decoded(_piece, data)
        self._count(event.sequence_number)
        return [ReasoningDelta(event.delta)] if event.delta else []

    def _argue(self, data: bytes) -> list[Delta]:
        event = self._decoded(_argument, data)
        self._count(event.sequence_number)
        call = self._calls.get(event.output_index)
        return _argued(call, event.delta, event.arguments) if call is not None else []

    def _add(self, data: bytes) -> list[Delta]:
        event = self._decoded(_item, data)
        self._count(event.sequence_number)
        if event.item.type != "function_call":
            return []
        call = _Call(self._called)
        self._called += 1
        self._calls[event.output_index] = call
        return [ToolCallDelta(call.index, event.item.call_id or event.item.id, event.item.name)]

    def _complete(self, data: bytes) -> list[Delta]:
        event = self._decoded(_item, data)
        self._count(event.sequence_number)
        call = self._calls.pop(event.output_index, None)
        return _argued(call, "", event.item.arguments) if call is not None else []

    def _end(self, status: str, data: bytes) -> list[Delta]:
        event = self._decoded(_end, data)
        self._count(event.sequence_number)
        response = event.response
        if status != "completed" or response.status is None:
            response = msgspec.structs.replace(response, status=status)
        self._ending = end(response, self._redaction, called=self._called > 0)
        self.done = True
        return []

    def _pass_over(self, data: bytes) -> list[Delta]:
        self._count(self._decoded(_numbered, data).sequence_number)
        return []

    def _count(self, number: int | None) -> None:
        if number is None:
            return
        due = number if self._number is None else self._number + 1
        if number != due:
            raise BackendProtocolError(
                f"Event {self._events} of the answer has the number {number} where {due} was due: "
                "a part of the answer is missing or doubled."
            )
        self._number = number


def _argued(call: _Call, piece: str, whole: str | None) -> list[Delta]:
    """The next piece of a call's arguments; all of them, if no piece has come before."""
    text = piece or ("" if call.argued else whole)
    if not text:
        return []
    call.argued = True
    return [ToolCallDelta(call.index, arguments=text)]


def end(response: Ending, redaction: Redaction, *, called: bool) -> Finished:
    """How a response ended; `called` if it asks for calls. Raises the error that it tells of."""
    if response.error or response.status not in _ENDED:
        refuse(response.error or response.status, redaction)
    reason = "tool_calls" if called else "stop"
    if response.status == "incomplete":
        said = (response.incomplete_details or _Details()).reason or "incomplete"
        reason = _REASONS.get(said, said)
    return Finished(reason, usage(response.usage))


def usage(reported: Any) -> Usage | None:
    """The counts that a provider reported; None if there are none in it."""
    if not isinstance(reported, dict):
        return None
    counted = Usage(
        input_tokens=count(reported.get("input_tokens")),
        output_tokens=count(reported.get("output_tokens")),
    )
    return None if counted == Usage() else counted
