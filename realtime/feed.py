"""A followed job on this node: its followers, each a cursor into the log, and the bus's recent messages.

A follower is live, or lagging. Live ones are sent what the bus brings; a lagging one waits until the
log has been read for it. Nothing here waits or does I/O: the hub reads, the feed decides and sends.
"""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

import msgspec
from engineio.packet import Packet

from realtime.cursor import Position, Step, advance, behind, step
from realtime.outlet import Outlet, frame
from shared_events.events import ends_job
from shared_events.ids import JobId
from shared_events.message import BusMessage

TAIL_BYTES: Final = 256 * 1024
TAIL_MESSAGES: Final = 1024
"""Recent messages that a feed keeps, to go on from where a read of the log ended."""


class Reading(msgspec.Struct, frozen=True):
    """What a follower gets from the log: the encoded events, and where they lead.

    `heard`: how many messages the feed had heard before the log was read. `ended`: nothing can follow.
    """

    events: list[bytes]
    position: Position
    ended: bool
    heard: int


class Follower:
    """One subscription of one connection."""

    __slots__ = ("lagging", "outlet", "position")

    def __init__(self, outlet: Outlet, position: Position) -> None:
        self.outlet = outlet
        self.position = position
        self.lagging = False


class Feed:
    """The followers of one job. `on_lagging` is called when the log must be read for somebody."""

    def __init__(self, job_id: JobId, *, on_lagging: Callable[["Feed"], None]) -> None:
        self.job_id = job_id
        self.followers: dict[Outlet, Follower] = {}
        self.joining = 0
        self.idle_rounds = 0
        self.missing_since: float | None = None
        self.known: Position | None = None
        self.delivered = 0
        self.heard = 0
        self._on_lagging = on_lagging
        self._tail: deque[BusMessage] = deque()
        self._tail_bytes = 0

    @property
    def idle(self) -> bool:
        return not self.followers and not self.joining

    @property
    def lagging(self) -> list[Follower]:
        return [follower for follower in self.followers.values() if follower.lagging]

    def attach(self, outlet: Outlet, reading: Reading) -> None:
        """Add a follower, or let it go on from elsewhere, and give it what was read for it."""
        follower = self.followers[outlet] = Follower(outlet, reading.position)
        outlet.followed.add(self.job_id)
        self.resume(follower, reading)

    def detach(self, outlet: Outlet) -> None:
        self.followers.pop(outlet, None)
        outlet.followed.discard(self.job_id)

    def resume(self, follower: Follower, reading: Reading) -> None:
        """Send what was read from the log and what the bus has brought since."""
        if self.followers.get(follower.outlet) is not follower:
            return  # left, or joined anew, while the log was read
        since, must_read = self._since(reading)
        events = [*reading.events, *since.events]
        follower.lagging = False
        follower.position = since.position
        self._send(follower, [frame(event) for event in events])
        if reading.ended or ends_job(events):
            self.detach(follower.outlet)
        elif must_read:
            self._lag([follower])

    def receive(self, message: BusMessage) -> None:
        """Send what `message` brings to everyone who is live."""
        self._remember(message)
        before: Position | None = None
        made: Step | None = None
        frames: list[Packet] = []
        lost: list[Follower] = []
        for follower in self.followers.values():
            if follower.lagging:
                continue
            if follower.position is not before and follower.position != before:  # as a rule they share one
                before = follower.position
                made = step(before, message)
                frames = [frame(event) for event in made.events] if made else []
            if made is None or follower.outlet.congested:
                lost.append(follower)
                continue
            follower.position = made.position
            self._send(follower, frames)
        self._lag(lost)
        if message.events and ends_job(message.events):
            for follower in [f for f in self.followers.values() if not f.lagging]:
                self.detach(follower.outlet)

    def suspect_all(self) -> None:
        """The bus may have lost something: read the log for everyone."""
        self._lag(self.followers.values())

    def compare(self, head: Position) -> None:
        """The log stands at `head` now. Who has not got to where it stood last time lags."""
        known, self.known = self.known, head
        if known is not None:
            self._lag(f for f in self.followers.values() if behind(f.position, known))

    def _since(self, reading: Reading) -> tuple[Step, bool]:
        """What the bus brought after the log was read; True if the log must be read once more."""
        count = self.heard - reading.heard
        if not 0 <= count <= len(self._tail):
            return Step([], reading.position), True
        return advance(reading.position, list(self._tail)[len(self._tail) - count :])

    def _send(self, follower: Follower, frames: list[Packet]) -> None:
        self.delivered += len(frames)
        follower.outlet.send(frames)

    def _lag(self, followers: Iterable[Follower]) -> None:
        found = [follower for follower in followers if not follower.lagging]
        for follower in found:
            follower.lagging = True
        if found:
            self._on_lagging(self)

    def _remember(self, message: BusMessage) -> None:
        self.heard += 1
        self._tail.append(message)
        self._tail_bytes += message.size
        while self._tail_bytes > TAIL_BYTES or len(self._tail) > TAIL_MESSAGES:
            self._tail_bytes -= self._tail.popleft().size
