"""A message of the bus: one appended batch, as `lua/append.lua` publishes it."""

import msgspec

from shared_events.errors import InvalidEvent
from shared_events.ids import Epoch


class BusMessage(msgspec.Struct, frozen=True):
    """The sequences `first`…`last` of `epoch`. `events` is None when only the log has them."""

    epoch: Epoch
    first: int
    last: int
    events: list[bytes] | None

    @property
    def size(self) -> int:
        return sum(map(len, self.events)) if self.events else 0


def parse_message(data: bytes) -> BusMessage:
    """Split `data`; what the events say is not looked at. Raises `InvalidEvent`."""
    heading, _, body = data.partition(b"\n")
    try:
        epoch, first, count = heading.split(b" ")
        begin, number = int(first), int(count)
        events = body.split(b"\n") if body else None
        if events is not None and len(events) != number:
            raise ValueError(f"{len(events)} events, announced were {number}")
        return BusMessage(Epoch(epoch.decode()), begin, begin + number - 1, events)
    except ValueError as error:
        raise InvalidEvent(f"not a message of the bus: {data[:80]!r} ({error})") from error
