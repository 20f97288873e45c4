"""What all readers of streamed answers share: events to deltas, JSON to structs, errors to words. Pure."""

import json
from collections.abc import Iterator
from typing import Any, Final, Generic, NoReturn, Protocol, TypeAlias, TypeVar

import msgspec

from agents.backends.protocol import Delta, Finished
from agents.backends.transport.redaction import Redaction
from agents.backends.transport.refusals import kind_of_error, words_of_error
from agents.backends.transport.sse import SSEEvent, SSEParser
from agents.errors import BackendError, BackendIncomplete, BackendProtocolError

T = TypeVar("T")
Part = TypeVar("Part")
Part_contra = TypeVar("Part_contra", contravariant=True)
Part_co = TypeVar("Part_co", covariant=True)

SSE_TYPES: Final = ("text/event-stream", "text/plain", "application/octet-stream", "")
"""Content types under which servers send events."""


class Parser(Protocol[Part_co]):
    """Cuts the bytes of an answer into its parts: events or lines."""

    def feed(self, data: bytes) -> Iterator[Part_co]: ...


class PartReader(Protocol[Part_contra]):
    """Decides what the parts of one answer mean; otherwise as `Reading`."""

    done: bool

    @property
    def complete(self) -> bool: ...
    def feed(self, part: Part_contra, /) -> list[Delta]: ...
    def finish(self) -> Finished: ...


EventReader: TypeAlias = PartReader[SSEEvent]


class PartsReading(Generic[Part]):
    """A `Reading` of an answer that `parser` cuts into parts, which `reader` understands.

    What a read brought ahead of an error is given first: the error is then `done`, and raised by `finish`.
    """

    def __init__(self, parser: Parser[Part], reader: PartReader[Part]) -> None:
        self._reader = reader
        self._parser = parser
        self._error: BackendError | None = None

    @property
    def done(self) -> bool:
        return self._error is not None or self._reader.done

    @property
    def complete(self) -> bool:
        return self._reader.complete

    @property
    def skipped(self) -> int:
        return 0

    def feed(self, data: bytes) -> list[Delta]:
        deltas: list[Delta] = []
        try:
            for part in self._parser.feed(data):
                deltas += self._reader.feed(part)
                # Whatever stands behind the end marker is not even looked at.
                if self._reader.done:
                    break
        except BackendError as error:
            self._error = error
        return deltas

    def finish(self) -> Finished:
        if self._error is not None:
            raise self._error
        return self._reader.finish()


class SSEReading(PartsReading[SSEEvent]):
    """A `Reading` of server-sent events, which `reader` understands."""

    def __init__(self, reader: EventReader) -> None:
        super().__init__(SSEParser(), reader)


def decoded(decoder: "msgspec.json.Decoder[T]", data: bytes, what: str) -> T:
    """`data` as the decoder's type. Raises `BackendProtocolError`, with `what` as its subject."""
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as error:
        reason = str(error)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
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
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8"
    return str(error) if isinstance(error, msgspec.ValidationError) else "it is not JSON"


def _refuse_constant(_: str) -> NoReturn:
    raise ValueError
