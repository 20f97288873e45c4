"""What all readers of streamed answers share: events to deltas, JSON to structs, errors to words. Pure."""

import json
from typing import Any, Final, NoReturn, Protocol, TypeVar

import msgspec

from agents.backends.protocol import Delta, Finished
from agents.backends.transport.redaction import Redaction
from agents.backends.transport.refusals import kind_of_error, words_of_error
from agents.backends.transport.sse import SSEEvent, SSEParser
from agents.errors import BackendError, BackendIncomplete, BackendProtocolError

T = TypeVar("T")

SSE_TYPES: Final = ("text/event-stream", "text/plain", "application/octet-stream", "")
"""Content types under which servers send events."""


class EventReader(Protocol):
    """Decides what the events of one answer mean; otherwise as `Reading`."""

    done: bool

    @property
    def complete(self) -> bool: ...
    def feed(self, event: SSEEvent) -> list[Delta]: ...
    def finish(self) -> Finished: ...


class SSEReading:
    """A `Reading` of server-sent events, which `reader` understands.

    What a read brought ahead of an error is given first: the error is then `done`, and raised by `finish`.
    """

    def __init__(self, reader: EventReader) -> None:
        self._reader = reader
        self._parser = SSEParser()
        self._error: BackendError | None = None

    @property
    def done(self) -> bool:
        return self._error is not None or self._reader.done

    @property
    def complete(self) -> bool:
        return self._reader.complete

    def feed(self, data: bytes) -> list[Delta]:
        deltas: list[Delta] = []
        try:
            for event in self._parser.feed(data):
                deltas += self._reader.feed(event)
        except BackendError as error:
            self._error = error
        return deltas

    def finish(self) -> Finished:
        if self._error is not None:
            raise self._error
        return self._reader.finish()


def decoded(decoder: "msgspec.json.Decoder[T]", data: bytes, what: str) -> T:
    """`data` as the decoder's type. Raises `BackendProtocolError`, with `what` as its subject."""
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as error:
        reason = str(error)
    except (msgspec.DecodeError, RecursionError):
        # Half a surrogate pair, escaped: providers that count UTF-16 units send it, msgspec refuses it.
        try:
            return msgspec.convert(json.loads(data.decode(), parse_constant=_refuse_constant), decoder.type)
        except (ValueError, RecursionError, msgspec.ValidationError) as error:
            reason = _safe(error)
    raise BackendProtocolError(f"{what} cannot be read: {reason}.")


def refuse(error: object, redaction: Redaction) -> NoReturn:
    """Raises what the error object of a provider says, in the middle of an answer."""
    words = redaction.apply(words_of_error(error)) or "no reason given"
    raise kind_of_error(error)(f"The answer broke off with an error of the provider: {words}")


def incomplete(events: int) -> BackendIncomplete:
    """What the end of a stream of so many events is, where its end marker did not come."""
    seen = f"after {events} events, without its end marker" if events else "with nothing"
    return BackendIncomplete(f"The answer ended {seen}.")


def loose(data: bytes) -> object:
    """The JSON in `data`, or its text."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return data.decode(errors="replace")


def count(value: Any) -> int | None:
    """`value` if it can be a number of tokens."""
    return value if type(value) is int and 0 <= value < 2**53 else None


def _safe(error: Exception) -> str:
    """Why, without what: a parser's own words may quote the line."""
    if isinstance(error, json.JSONDecodeError):
        return f"it is not JSON ({error.msg} at character {error.pos})"
    return str(error) if isinstance(error, msgspec.ValidationError) else "it is not JSON"


def _refuse_constant(_: str) -> NoReturn:
    raise ValueError
