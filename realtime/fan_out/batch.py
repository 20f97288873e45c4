"""Events that go out together, in the form that each transport wants, made once for all. Pure."""

from collections.abc import Sequence

from realtime.fan_out.deflate import LEAST_BYTES, deflated
from realtime.fan_out.framing import EVENT, heading, parts


def messages_of(events: Sequence[bytes]) -> bytes:
    """The websocket messages of encoded events, one after the other."""
    if len(events) == 1:
        return heading(len(events[0])) + events[0]
    parts = []
    for event in events:
        parts.append(heading(len(event)))
        parts.append(event)
    return b"".join(parts)


class Batch:
    """Encoded events that all receivers share."""

    __slots__ = ("_deflated", "_messages", "_packets", "_parts", "events")

    def __init__(self, events: Sequence[bytes]) -> None:
        self.events = events
        self._messages: bytes | None = None
        self._deflated: bytes | None = None
        self._packets: list[str] | None = None
        self._parts: dict[bool, list[bytes]] = {}

    @property
    def size(self) -> int:
        """Bytes of the events."""
        return sum(map(len, self.events))

    @property
    def messages(self) -> bytes:
        """The websocket messages, one after the other."""
        if self._messages is None:
            self._messages = messages_of(self.events)
        return self._messages

    @property
    def deflated(self) -> bytes:
        """The websocket messages for clients that take them compressed: plain ones, if that would not pay."""
        if self._deflated is None:
            pays = self.size >= LEAST_BYTES
            self._deflated = deflated([EVENT + event for event in self.events]) if pays else self.messages
        return self._deflated

    def parts(self, *, deflated: bool) -> list[bytes]:
        """What a connection is given part by part: a large batch is in memory once, whoever waits for it."""
        if deflated not in self._parts:
            self._parts[deflated] = parts(self.deflated if deflated else self.messages)
            if len(self._parts[deflated]) > 1:
                self._messages = self._deflated = None
        return self._parts[deflated]

    @property
    def packets(self) -> list[str]:
        """The Engine.IO packets, for the answers to polls; what is no text is sent all the same."""
        if self._packets is None:
            self._packets = [(EVENT + event).decode(errors="replace") for event in self.events]
        return self._packets
