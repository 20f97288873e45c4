"""The hub of a node: one bus subscription per followed job, and every follower whole.

Joining is subscribe, then read, then merge: the bus is heard before the log is read, so nothing falls
between. A hole in the bus, a lagging follower or a lost last event is mended from the log.
"""

import asyncio
import random
import time
from collections.abc import Callable
from typing import Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from realtime.cursor import Position
from realtime.errors import NotFound, TooMany, Unavailable
from realtime.feed import Feed, Follower
from realtime.outlet import Outlet
from realtime.reader import LogReader, Read, farewell
from shared_events.bus import Bus
from shared_events.checkpoint import Checkpoint
from shared_events.errors import BusUnavailable, InvalidEvent, UnknownJob
from shared_events.ids import JobId
from shared_events.keys import Keys
from shared_events.log import JobLog
from shared_events.message import parse_message

COMPARE_EVERY_S: Final = 1.5
"""How often the followers' positions are held against the logs': finds a lost last event."""
RETRY_S: Final = 0.2
LOST_AFTER_S: Final = 10.0
MAX_FOLLOWED: Final = 256
"""Jobs that one connection may follow at a time."""

_log = structlog.get_logger("hub")


class Hub:
    """Start with `run` as an owned task. `on_other` hears the messages of other channels than jobs'."""

    def __init__(self, redis: Redis, log: JobLog, keys: Keys) -> None:
        self.bus = Bus(redis, on_message=self._receive, on_hole=self._suspect_all)
        self._log = log
        self._keys = keys
        self._reader = LogReader(log)
        self.on_other: Callable[[str, bytes], None] = lambda _channel, _data: None
        self._feeds: dict[str, Feed] = {}
        self._mending: dict[JobId, asyncio.Task[None]] = {}
        self.holes = 0
        self._delivered_before = 0

    @property
    def delivered(self) -> int:
        """Events sent to followers since the start."""
        return self._delivered_before + sum(feed.delivered for feed in self._feeds.values())

    @property
    def feeds(self) -> list[Feed]:
        return list(self._feeds.values())

    async def run(self) -> None:
        """Listen and compare until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.bus.run(), name="bus")
                tasks.create_task(self._compare(), name="compare positions")
        finally:
            mending = list(self._mending.values())
            for task in mending:
                task.cancel()
            await asyncio.gather(*mending, return_exceptions=True)
            await self._reader.aclose()

    async def join(
        self, outlet: Outlet, job_id: JobId, checkpoint: Checkpoint | None
    ) -> tuple[Read, Callable[[], None]]:
        """What the answer tells, and what to do right after it: attach the follower (or let go).

        Raises `NotFound`, `TooMany`, `Unavailable`.
        """
        if len(outlet.followed) >= MAX_FOLLOWED and job_id not in outlet.followed:
            raise TooMany(f"One connection may follow {MAX_FOLLOWED} jobs at a time.")
        if outlet.congested:
            raise TooMany("This connection has too much unread: read it before following more.")
        try:
            feed, read = await self._subscribe_then_read(job_id, checkpoint)
        except UnknownJob:
            raise NotFound from None
        except (BusUnavailable, RedisError, OSError) as error:
            raise Unavailable(f"The job cannot be followed just now ({type(error).__name__}).") from error
        return read, lambda: self._attach(feed, outlet, read)

    def leave(self, outlet: Outlet, job_id: JobId) -> None:
        feed = self._feeds.get(self._keys.channel(job_id))
        if feed is not None:
            feed.detach(outlet)

    def leave_all(self, outlet: Outlet) -> None:
        for job_id in list(outlet.followed):
            self.leave(outlet, job_id)

    async def _subscribe_then_read(self, job_id: JobId, checkpoint: Checkpoint | None) -> tuple[Feed, Read]:
        """The feed is held by its `joining` until `_attach`."""
        channel = self._keys.channel(job_id)
        if channel not in self._feeds:
            await self._log.meta(job_id)  # nobody makes us subscribe to jobs that do not exist
        feed = self._feeds.setdefault(channel, Feed(job_id, on_lagging=self._mend))
        feed.joining += 1
        try:
            await self.bus.follow(channel)
            return feed, await self._reader.read(job_id, checkpoint, heard=lambda: feed.heard)
        except BaseException:
            feed.joining -= 1
            raise

    def _attach(self, feed: Feed, outlet: Outlet, read: Read) -> None:
        if not outlet.closed:
            feed.attach(outlet, read.reading)
        feed.joining -= 1

    def _receive(self, channel: str, data: bytes) -> None:
        feed = self._feeds.get(channel)
        if feed is None:
            self.on_other(channel, data)
            return
        try:
            feed.receive(parse_message(data))
        except InvalidEvent as error:
            _log.error("bus_message_invalid", channel=channel, error=str(error))
            feed.suspect_all()

    def _suspect_all(self) -> None:
        for feed in self._feeds.values():
            feed.suspect_all()

    def _mend(self, feed: Feed) -> None:
        """Read the log for the lagging followers of `feed`, in one task of its own."""
        if feed.job_id not in self._mending:
            self.holes += 1
            catching_up = self._catch_up(feed)
            self._mending[feed.job_id] = asyncio.create_task(catching_up, name=f"catch up {feed.job_id}")

    async def _catch_up(self, feed: Feed) -> None:
        try:
            while lagging := feed.lagging:
                if not await self._catch_up_once(feed, lagging):
                    await asyncio.sleep(random.uniform(RETRY_S / 2, RETRY_S))  # noqa: S311
        finally:
            # In the same step as the last look at `lagging`: whoever lags later gets a new task.
            del self._mending[feed.job_id]

    async def _catch_up_once(self, feed: Feed, lagging: list[Follower]) -> bool:
        """Whether anybody could be helped; if not, it is too early."""
        ready = [follower for follower in lagging if not follower.outlet.congested]
        try:
            for position in {follower.position for follower in ready}:
                await self._read_for(feed, position, ready)
        except UnknownJob:
            return self._log_is_missing(feed, ready)
        except (RedisError, OSError, InvalidEvent) as error:
            _log.warning("catch_up_failed", job=feed.job_id, error=str(error))
            return False
        feed.missing_since = None
        return bool(ready)

    async def _read_for(self, feed: Feed, position: Position, followers: list[Follower]) -> None:
        checkpoint = Checkpoint(position.sequence, position.epoch)
        read = await self._reader.read(feed.job_id, checkpoint, heard=lambda: feed.heard)
        for follower in followers:
            if follower.lagging and follower.position == position:
                feed.resume(follower, read.reading)

    def _log_is_missing(self, feed: Feed, followers: list[Follower]) -> bool:
        """A living writer makes a lost log anew within moments; after that nobody is left waiting."""
        now = time.monotonic()
        feed.missing_since = feed.missing_since or now
        if now - feed.missing_since < LOST_AFTER_S:
            return False
        for follower in followers:
            feed.resume(follower, farewell(feed.job_id, follower.position, heard=feed.heard))
        return True

    async def _compare(self) -> None:
        while True:
            await asyncio.sleep(COMPARE_EVERY_S)
            await self._drop_idle()
            feeds = self.feeds
            try:
                heads = await self._log.heads([feed.job_id for feed in feeds])
            except (RedisError, OSError) as error:
                _log.warning("compare_failed", error=str(error))
                continue
            for feed, head in zip(feeds, heads, strict=True):
                if head is None:
                    feed.suspect_all()
                else:
                    feed.compare(Position(*head))

    async def _drop_idle(self) -> None:
        """Unsubscribe from jobs that nobody has followed since the last comparison."""
        for channel, feed in list(self._feeds.items()):
            if not feed.idle:
                feed.idle_rounds = 0
                continue
            feed.idle_rounds += 1
            if feed.idle_rounds > 1:
                del self._feeds[channel]
                self._delivered_before += feed.delivered
                await self.bus.unfollow(channel)
