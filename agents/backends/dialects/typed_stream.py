"""Reads streams whose events say in their data what type they have. Pure: server-sent events in, deltas out.

So Anthropic and OpenAI's Responses do it. Types that nobody knows are passed over.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn, TypeVar

import msgspec

from agents.backends.dialects.reading import decoded, incomplete, loose, refuse
from agents.backends.protocol import Delta
from agents.backends.transport.redaction import Redaction
from agents.backends.transport.sse import SSEEvent

T = TypeVar("T")
Take = Callable[[bytes], list[Delta]]
"""What becomes of the data of an event."""
_TYPE_FIRST: Final = b'{"type":"'


class _Typed(msgspec.Struct, frozen=True):
    type: str = ""
    error: Any = None


_typed: Final = msgspec.json.Decoder(_Typed)


class TypedStream:
    """What such streams share; a child says in `_takes` what each type means, and has `finish`."""

    def __init__(self, redaction: Redaction) -> None:
        self.done = False
        """Its last event has come: nothing follows."""
        self._takes: Mapping[str, Take] = {}
        self._redaction = redaction
        self._events = 0

    @property
    def complete(self) -> bool:
        """Whether the stream may end here."""
        return self.done

    def feed(self, event: SSEEvent) -> list[Delta]:
        """What `event` brings. Raises the error that it tells of, or `BackendProtocolError`."""
        data = event.data.strip()
        if self.done or not data:
            return []
        self._events += 1
        # Deltas have their type first, as a rule: that is found without reading all of them twice.
        end = data.find(b'"', len(_TYPE_FIRST)) if data.startswith(_TYPE_FIRST) else 0
        take = self._takes.get(data[len(_TYPE_FIRST) : end].decode()) if end > 0 else None
        return take(data) if take is not None else self._feed_slowly(event, data)

    def _feed_slowly(self, event: SSEEvent, data: bytes) -> list[Delta]:
        if event.event == "error":
            self._fail(data)
        if data == b"[DONE]":
            return []
        said = self._decoded(_typed, data)
        if said.error or said.type == "error":
            self._fail(data)
        return self._takes.get(said.type or event.event, self._pass_over)(data)

    def _pass_over(self, _: bytes) -> list[Delta]:
        return []

    def _decoded(self, decoder: "msgspec.json.Decoder[T]", data: bytes) -> T:
        return decoded(decoder, data, f"Event {self._events} of the answer")

    def _fail(self, data: bytes) -> NoReturn:
        """Raises what an event of the type `error` says: in an object `error`, or beside its type."""
        said = loose(data)
        refuse((isinstance(said, dict) and said.get("error")) or said, self._redaction)

    def _check_end(self) -> None:
        """Raises `BackendIncomplete` if the last event has not come."""
        if not self.done:
            raise incomplete(self._events)
