"""The way out to one connection: an ordered queue that knows how much waits in it, and whether it moves."""

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
POLL_PACKETS: Final = 16
"""Packets in the answer to one poll: python-socketio's client refuses more."""


class CountedQueue(asyncio.Queue[Any]):
    """engineio's queue of a connection; `waiting_bytes` is what its writer has not taken yet."""

    waiting_bytes = 0
    taken = 0
    batch: int | None = POLL_PACKETS
    """How many packets the writer may take at a time; None on a websocket."""
    _run = 0

    async def get(self) -> Any:
        self._run = 0
        return await super().get()

    def get_nowait(self) -> Any:
        # engineio takes packets until there are none, and answers a poll with all of them.
        if self.batch is not None and self._run >= self.batch:
            raise asyncio.QueueEmpty
        self._run += 1
        return super().get_nowait()

    def _put(self, item: Any) -> None:
        self.waiting_bytes += _size(item)
        super()._put(item)

    def _get(self) -> Any:
        item = super()._get()
        self.waiting_bytes -= _size(item)
        self.taken += 1
        return item


def _size(item: Packet | None) -> int:
    return len(item.data) if item is not None and isinstance(item.data, (str, bytes)) else 0


def frame(event: bytes) -> Packet:
    """The packet of an encoded event, to be shared by all its followers."""
    return Packet(MESSAGE, "2" + event.decode())


class Outlet:
    """The way out to one connection, and how it fares. `close` ends it with its transport."""

    def __init__(
        self, queue: CountedQueue, *, in_flight: Callable[[], int] = lambda: 0, close: Callable[[], None]
    ) -> None:
        self._queue = queue
        self._in_flight = in_flight
        self.close = close
        self.closed = False
        self.followed: set[JobId] = set()
        self._seen = (0, 0)
        self._seen_at = time.monotonic()

    @property
    def congested(self) -> bool:
        return self._queue.waiting_bytes > HIGH_WATER_BYTES

    def stalled(self) -> bool:
        """Whether something has been waiting, and nothing was taken, for `STALLED_S`; to be asked often."""
        waiting = self._queue.waiting_bytes + self._in_flight()
        seen = (self._queue.taken, self._in_flight())
        now = time.monotonic()
        if not waiting or seen != self._seen:
            self._seen, self._seen_at = seen, now
        return now - self._seen_at > STALLED_S

    def send(self, frames: Iterable[Packet]) -> None:
        """Queue shared frames; the connection's writer sends them in this order."""
        if not self.closed:
            for one in frames:
                self._queue.put_nowait(one)
