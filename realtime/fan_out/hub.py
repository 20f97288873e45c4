"""The hub of a node: one bus subscription per followed job, and every follower whole.

Joining is subscribe, then read, then merge: the bus is heard before the log is read, so nothing falls
between. From then on a job's feed goes on by itself; the mender reads the log where it cannot.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from realtime.errors import NotFound, TooMany, Unavailable
from realtime.fan_out.audience import Wishes
from realtime.fan_out.broadcast import SendMany, send_many
from realtime.fan_out.cursor import Position
from realtime.fan_out.feed import Feed
from realtime.fan_out.flusher import Flusher
from realtime.fan_out.mender import Mender
from realtime.fan_out.outlet import Outlet
from realtime.fan_out.outlets import Outlets
from realtime.fan_out.tail import USED_BYTES
from shared_events.bus import Bus
from shared_events.checkpoint import Checkpoint, Delta, Snapshot
from shared_events.errors import BusUnavailable, InvalidEvent, UnknownJob, UnreadableLog
from shared_events.events import JobStatus
from shared_events.ids import JobId
from shared_events.keys import Keys
from shared_events.log import JobLog

COMPARE_EVERY_S: Final = 1.0
"""How often feeds that hear nothing are held against their logs, and old events are let go of."""
SLICES: Final = 20
HIDDEN_EVERY_S: Final = 1.0
"""How often followers whose page is hidden are served."""
MAX_FOLLOWED: Final = 256
"""Jobs that one connection may follow at a time."""
TAILS_BYTES: Final = 64 * 1024 * 1024
LONGEST_TAIL_BYTES: Final = 64 * 1024
SHORTEST_TAIL_BYTES: Final = 8 * 1024
"""Of all followed jobs together `TAILS_BYTES` of events are kept, of each the same within these bounds."""

_log = structlog.get_logger("hub")


class Standing(msgspec.Struct, frozen=True):
    """What the answer to a subscriber tells: where the job stands, and how the follower goes on."""

    status: JobStatus
    position: Position
    is_snapshot: bool


class Hub:
    """Start with `run` as an owned task. `on_other` hears the messages of other channels than jobs'."""

    def __init__(self, redis: Redis, log: JobLog, keys: Keys, *, send_many: SendMany = send_many) -> None:
        self.outlets = Outlets()
        self.flusher = Flusher(self.outlets, send_many)
        self.bus = Bus(
            redis, on_message=self._receive, on_hole=self._suspect_all, on_batch=self.flusher.bus_read
        )
        self.on_other: Callable[[bytes, bytes], None] = lambda _channel, _data: None
        self.mender = Mender(log, subscribe=self._subscribe)
        self._wishes = Wishes(self.flusher.due, self.flusher.flush, self.mender.mend)
        self._keys = keys
        self._feeds: dict[bytes, Feed] = {}
        self._delivered_before = 0

    @property
    def delivered(self) -> int:
        """Events sent to followers since the start."""
        return self._delivered_before + sum(feed.delivered for feed in self._feeds.values())

    @property
    def tail_bytes(self) -> int:
        """Bytes of logs that are kept."""
        return sum(feed.tail.size for feed in self._feeds.values() if feed.tail is not None)

    @property
    def feeds(self) -> list[Feed]:
        return list(self._feeds.values())

    async def run(self) -> None:
        """Listen, compare and serve until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.bus.run(), name="bus")
                tasks.create_task(self._look_after(), name="look after feeds")
                tasks.create_task(self._serve_hidden(), name="serve hidden followers")
        finally:
            await self.mender.aclose()

    async def join(
        self, outlet: Outlet, job_id: JobId, checkpoint: Checkpoint | None
    ) -> tuple[Standing, Callable[[], None]]:
        """What the answer tells, and what to do right after it, in the same tick: attach the follower.

        Raises `NotFound`, `TooMany`, `Unavailable`.
        """
        if len(outlet.followed.keys() | outlet.joining.keys() | {job_id}) > MAX_FOLLOWED:
            raise TooMany(f"One connection may follow {MAX_FOLLOWED} jobs at a time.")
        if outlet.congested:
            raise TooMany("This connection has too much unread: read it before following more.")
        feed = self._feed(job_id)
        joining = outlet.joining[job_id] = object()
        try:
            verdict = await self._join(feed, checkpoint)
        except BaseException:
            outlet.joined(job_id, joining)
            raise
        return _standing(feed, verdict), lambda: _attach(feed, outlet, verdict, joining)

    def leave(self, outlet: Outlet, job_id: JobId) -> None:
        """What is due to the follower is sent first; what is joining does not attach."""
        outlet.joining.pop(job_id, None)
        follower = outlet.followed.get(job_id)
        if follower is not None:
            self.flusher.flush(follower.feed)
            follower.feed.detach(outlet)

    def show(self, outlet: Outlet, job_id: JobId, *, visible: bool) -> None:
        """Whether a follower's page is looked at. Raises `NotFound` for a job that it does not follow."""
        follower = outlet.followed.get(job_id)
        if follower is None:
            raise NotFound
        follower.feed.hide(follower, hidden=not visible)

    def _feed(self, job_id: JobId) -> Feed:
        channel = self._keys.channel(job_id).encode()
        feed = self._feeds.get(channel)
        if feed is None:
            feed = self._feeds[channel] = Feed(job_id, self._wishes)
        return feed

    async def _join(self, feed: Feed, checkpoint: Checkpoint | None) -> Delta | Snapshot:
        feed.joining += 1
        try:
            return await self._verdict(feed, checkpoint)
        except UnknownJob:
            raise NotFound from None
        except (BusUnavailable, UnreadableLog, RedisError, OSError) as error:
            raise Unavailable(f"The job cannot be followed just now ({type(error).__name__}).") from error
        finally:
            feed.joining -= 1

    async def _verdict(self, feed: Feed, checkpoint: Checkpoint | None) -> Delta | Snapshot:
        """How somebody goes on; by a new look at the log, where what is known here does not tell it."""
        verdict = feed.verdict(checkpoint)
        for again in (False, True):  # the first look may have begun before the checkpoint was shown
            if verdict is None:
                fresh = await self.mender.read(feed)
                verdict = feed.verdict(checkpoint, final=fresh or again)
        if verdict is None:
            self.mender.mend(feed)  # it waits for the rest, but not for ever
            raise Unavailable("Redis has lost a part of the job's log: try again in a moment.")
        return verdict

    async def _subscribe(self, feed: Feed) -> None:
        await self.bus.follow(self._keys.channel(feed.job_id))

    def _receive(self, channel: bytes, data: bytes) -> None:
        feed = self._feeds.get(channel)
        if feed is None:
            self.on_other(channel, data)
            return
        try:
            feed.receive(data)
        except (InvalidEvent, IndexError) as error:  # the latter: too short for an event
            _log.error("bus_message_invalid", channel=channel.decode(errors="replace"), error=str(error))
            feed.suspect()

    def _suspect_all(self) -> None:
        self.mender.check(self.feeds)

    async def _look_after(self) -> None:
        """In slices: going through thousands of feeds in one go would hold up the events."""
        while True:
            await self._drop_idle()
            feeds = self.feeds
            size = len(feeds) // SLICES + 1
            for part in range(SLICES):
                await asyncio.sleep(COMPARE_EVERY_S / SLICES)
                await self._look_at(feeds[part * size : (part + 1) * size])

    async def _look_at(self, feeds: list[Feed]) -> None:
        share = TAILS_BYTES // (len(self._feeds) + 1)
        limit = min(LONGEST_TAIL_BYTES, max(SHORTEST_TAIL_BYTES, share))
        for feed in feeds:
            if feed.tail is not None:
                feed.tail.forget(limit, used=max(USED_BYTES, share))
        await self.mender.compare([feed for feed in feeds if feed.quiet()])

    async def _serve_hidden(self) -> None:
        while True:
            await asyncio.sleep(HIDDEN_EVERY_S)
            for feed in self.feeds:
                if len(feed.followers) > len(feed.live):
                    feed.serve_all()

    async def _drop_idle(self) -> None:
        """Unsubscribe from jobs that nobody has followed since the last look."""
        for channel, feed in list(self._feeds.items()):
            if not feed.idle:
                feed.idle_rounds = 0
                continue
            feed.idle_rounds += 1
            if feed.idle_rounds > 1:
                del self._feeds[channel]
                self._delivered_before += feed.delivered
                await self.bus.unfollow(channel.decode())


def _attach(feed: Feed, outlet: Outlet, verdict: Delta | Snapshot, joining: object) -> None:
    """Unless the connection has closed, or asked for something else of this job meanwhile."""
    if outlet.joined(feed.job_id, joining):
        feed.attach(outlet, verdict)


def _standing(feed: Feed, verdict: Delta | Snapshot) -> Standing:
    tail = feed.tail
    assert tail is not None
    return Standing(tail.status, tail.position, isinstance(verdict, Snapshot))
