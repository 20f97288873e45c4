"""The one way out of a connection: control packets and job events leave in the order in which they were put.

On a websocket all that becomes due in one tick of the loop goes to the transport in one write; with
polling it waits for the next poll. What a connection has unsent is known, and bounded: at more than
`HIGH_WATER_BYTES` no more events are put in (`congested`).
"""

import asyncio
import time
from collections import deque
from itertools import accumulate
from typing import TYPE_CHECKING, Final, cast

from realtime.fan_out.batch import Batch
from realtime.fan_out.framing import PART_BYTES, text_message
from realtime.rates import TokenBucket
from shared_events.ids import JobId

if TYPE_CHECKING:
    from realtime.fan_out.follower import Follower
    from realtime.fan_out.outlets import Outlets

HIGH_WATER_BYTES: Final = 64 * 1024
"""With more than this unsent a follower is not sent more; it catches up once it has read."""
STALLED_S: Final = 30.0
"""A connection that takes nothing for so long, though something waits, is closed."""


class Outlet:
    """Of a connection that polls, until `open_socket`."""

    __slots__ = (
        "_arrived", "_deflates", "_descriptor", "_moved_at", "_outlets", "_put", "_taken", "_transport",
        "_waiting", "_waiting_bytes", "budget", "closed", "followed", "joining", "slot",
    )  # fmt: skip

    def __init__(self, outlets: "Outlets") -> None:
        self._outlets = outlets
        self.slot = outlets.add(self)
        self.closed = False
        self.followed: dict[JobId, Follower] = {}
        self.joining: dict[JobId, object] = {}
        """What is about to be followed, each with a token of its latest request."""
        self._transport: asyncio.Transport | None = None
        self._descriptor = -1
        self._deflates = False
        self._arrived: asyncio.Future[None] | None = None
        self._waiting: deque[str] | list[bytes] = deque()
        self._waiting_bytes = 0
        self._put = 0
        self._taken = 0
        self._moved_at = time.monotonic()
        self.budget = TokenBucket(self._moved_at)

    @property
    def unsent(self) -> int:
        """Bytes that wait here, or in the transport because the peer does not take them."""
        transport = self._transport
        return self._waiting_bytes + (0 if transport is None else transport.get_write_buffer_size())

    @property
    def congested(self) -> bool:
        return self.closed or self.unsent > HIGH_WATER_BYTES

    def send(self, packet: str) -> None:
        """Put a control packet of Engine.IO."""
        if self._transport is None:
            self._put_packets([packet])
        else:
            self._put_messages(text_message(packet.encode()))

    def deliver(self, batch: Batch) -> None:
        """Put job events."""
        if self._transport is None:
            self._put_packets(batch.packets)
        else:
            for part in batch.parts(deflated=self._deflates):
                self._put_messages(part)

    def follow(self, job_id: JobId, follower: "Follower") -> None:
        self.followed[job_id] = follower
        self._tell()

    def follow_nothing(self) -> None:
        """Leave all that is followed, or about to be."""
        self.joining.clear()
        for follower in list(self.followed.values()):
            follower.feed.detach(self)

    def joined(self, job_id: JobId, token: object) -> bool:
        """Whether that was the latest request about the job; it is over now."""
        latest = self.joining.get(job_id) is token
        if latest:
            del self.joining[job_id]
        return latest

    def unfollow(self, job_id: JobId) -> None:
        self.followed.pop(job_id, None)
        self._tell()

    def close(self) -> None:
        """Nothing goes out any more, and nothing is followed."""
        if not self.closed:
            self.follow_nothing()
            self.closed = True
            self._waiting.clear()
            self._waiting_bytes = 0
            self._transport = None
            self._outlets.remove(self)
            self._arrive()

    def stalled(self, now: float) -> bool:
        """Whether something has been waiting, and nothing was taken, for `STALLED_S`; to be asked often."""
        unsent = self.unsent
        taken = self._put - unsent
        if not unsent or taken != self._taken:
            self._taken, self._moved_at = taken, now
        return now - self._moved_at > STALLED_S

    # A websocket.

    def open_socket(self, transport: asyncio.Transport, descriptor: int, *, deflates: bool = False) -> None:
        """From now on `transport` takes what goes out, first of all what waits.

        Others may write to `descriptor`, unless it is -1. `deflates`: the client takes compressed messages.
        """
        packets = [packet for packet in self._waiting if isinstance(packet, str)]
        self._waiting, self._waiting_bytes = [], 0
        self._transport, self._deflates = transport, deflates
        self._descriptor = -1 if deflates else descriptor
        for packet in packets:
            self.send(packet)
        self._tell()
        self._arrive()  # a poll that still waits gets nothing more

    def flush(self, *, last: bool = False) -> None:
        """Write what is due in this tick, unless the transport holds something; `last`: a little even so."""
        fell_behind = self.congested
        self._write(HIGH_WATER_BYTES if last else 0)
        if fell_behind and not self.unsent:
            self._serve()  # the kernel took it all: nobody else will tell
        self._tell()

    def put_rest(self, messages: bytes, written: int) -> None:
        """Take over from somebody who has written to the descriptor only a part: nothing may come between."""
        assert self._transport is not None
        self._put += len(messages) - written
        self._transport.write(messages[written:])
        self._tell()

    def abort(self) -> None:
        """The descriptor is broken."""
        if self._transport is not None:
            self._transport.abort()

    def blocked(self) -> None:
        """The transport has begun to hold what it is given."""
        self._outlets.descriptors[self.slot] = -1

    def drained(self) -> None:
        """All that was held has gone: the next is written; when nothing waits, who fell behind is served."""
        self._write()
        if not self.unsent:
            self._serve()
        self._tell()

    def _write(self, held: int = 0) -> None:
        """In writes of about a part each, until the transport holds more than `held` bytes."""
        transport = self._transport
        while transport is not None and self._waiting and transport.get_write_buffer_size() <= held:
            some = self._take_part()
            transport.write(some[0] if len(some) == 1 else b"".join(some))

    def _take_part(self) -> list[bytes]:
        some = cast("list[bytes]", self._waiting)
        if self._waiting_bytes <= PART_BYTES:
            self._waiting, self._waiting_bytes = [], 0
            return some
        sizes = accumulate(map(len, some))
        count = 1 + next((n for n, size in enumerate(sizes) if size >= PART_BYTES), len(some))
        self._waiting = some[count:]
        self._waiting_bytes -= sum(map(len, some[:count]))
        return some[:count]

    def _serve(self) -> None:
        for follower in list(self.followed.values()):
            if not follower.live and not follower.hidden:
                follower.feed.serve(follower)

    # Polling.

    async def arrival(self) -> None:
        """Wait until something waits, or the outlet is closed."""
        while not self._waiting and not self.closed and self._transport is None:
            self._arrived = asyncio.get_running_loop().create_future()
            await self._arrived

    def take(self, most: int) -> list[str]:
        """The next packets, for the answer to a poll."""
        taken: list[str] = []
        while self._waiting and len(taken) < most and self._transport is None:
            packet = self._waiting.popleft()  # type: ignore[union-attr]
            self._waiting_bytes -= len(packet)
            taken.append(packet)
        if not self.congested:
            self._serve()
        return taken

    def _put_packets(self, packets: list[str]) -> None:
        if self.closed:
            return
        self._waiting.extend(packets)  # type: ignore[arg-type]
        size = sum(map(len, packets))
        self._waiting_bytes += size
        self._put += size
        self._arrive()

    def _arrive(self) -> None:
        arrived, self._arrived = self._arrived, None
        if arrived is not None and not arrived.done():
            arrived.set_result(None)

    def _put_messages(self, messages: bytes) -> None:
        if self.closed:
            return  # its slot is another's
        if not self._waiting:
            self._outlets.soon(self)
            self._outlets.descriptors[self.slot] = -1
        self._waiting.append(messages)  # type: ignore[arg-type]
        self._waiting_bytes += len(messages)
        self._put += len(messages)

    def _tell(self) -> None:
        """Others may write to the descriptor if nothing waits, and one job's events are all there is."""
        if self.closed:
            return
        direct = self._transport is not None and len(self.followed) == 1 and not self.unsent
        self._outlets.descriptors[self.slot] = self._descriptor if direct else -1
