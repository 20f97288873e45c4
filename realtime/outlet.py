"""The way out to one connection: an ordered queue that knows how much waits in it, and for how long."""

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

from engineio.packet import MESSAGE, Packet

from shared_events.ids import JobId

HIGH_WATER_BYTES: Final = 256 * 1024
"""With more than this unsent a follower is not sent more; it catches up from the log later."""
STALLED_S: Final = 30.0
"""A connection that takes nothing for so long, though something waits, is closed."""


class CountedQueue(asyncio.Queue[Any]):
    """engineio's queue of a connection; `waiting_bytes` is what its writer has not taken yet."""

    waiting_bytes = 0
    taken_at = 0.0

    def _put(self, item: Any) -> None:
        if not self._queue:  # type: ignore[attr-defined]
            self.taken_at = time.monotonic()
        self.waiting_bytes += _size(item)
        super()._put(item)

    def _get(self) -> Any:
        item = super()._get()
        self.waiting_bytes -= _size(item)
        self.taken_at = time.monotonic()
        return item


def _size(item: Packet | None) -> int:
    return len(item.data) if item is not None and isinstance(item.data, (str, bytes)) else 0


def frame(event: bytes) -> Packet:
    """The packet of an encoded event, to be shared by all its followers."""
    return Packet(MESSAGE, "2" + event.decode())


class Outlet:
    """What the hub needs of a connection. `close` ends it with its transport."""

    def __init__(self, queue: CountedQueue, close: Callable[[], None]) -> None:
        self._queue = queue
        self.close = close
        self.closed = False
        self.followed: set[JobId] = set()

    @property
    def congested(self) -> bool:
        return self._queue.waiting_bytes > HIGH_WATER_BYTES

    @property
    def stalled(self) -> bool:
        return self._queue.waiting_bytes > 0 and time.monotonic() - self._queue.taken_at > STALLED_S

    def send(self, frames: Iterable[Packet]) -> None:
        """Queue shared frames; the connection's writer sends them in this order."""
        if not self.closed:
            for one in frames:
                self._queue.put_nowait(one)
