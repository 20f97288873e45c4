"""Reads jobs' logs for their feeds, where the bus alone does not do: to begin, and to mend."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Final

import structlog
from redis.exceptions import RedisError

from realtime.fan_out.cursor import Position, behind
from realtime.fan_out.feed import Feed
from shared_events.errors import BusUnavailable, InvalidEvent, UnknownJob, UnreadableLog
from shared_events.log import JobLog

RETRY_S: Final = 0.2
LOST_AFTER_S: Final = 10.0
"""A living writer makes a lost log, or its lost end, anew within moments; after that nobody waits for it."""
COMPARED_AT_A_TIME: Final = 100
"""Comparing more in one go would hold up the loop."""

_log = structlog.get_logger("mender")


class Mender:
    """`subscribe(feed)` returns once the bus is heard for a feed that begins."""

    def __init__(self, log: JobLog, *, subscribe: Callable[[Feed], Awaitable[None]]) -> None:
        self.mends = 0
        """Times that the log was read because the bus did not do."""
        self._log = log
        self._subscribe = subscribe
        self._flights: dict[Feed, asyncio.Task[None]] = {}
        self._mending: dict[Feed, asyncio.Task[None]] = {}
        self._checking: asyncio.Task[None] | None = None

    async def read(self, feed: Feed) -> bool:
        """Read all of the log, with whoever else does; False if that had begun before.

        Raises `UnknownJob`, `BusUnavailable` and Redis' errors.
        """
        flight = self._flights.get(feed)
        fresh = flight is None
        if flight is None:
            feed.want()
            flight = self._fly(feed)
        await asyncio.shield(flight)
        return fresh

    def mend(self, feed: Feed) -> None:
        """Read what `feed` lacks, in a task of its own that does not give up."""
        if feed not in self._mending:
            self.mends += 1
            task = asyncio.create_task(self._mend(feed), name=f"mend {feed.job_id}")
            self._mending[feed] = task

    def check(self, feeds: Sequence[Feed]) -> None:
        """The bus may have lost something: hold `feeds` against their logs, at once."""
        if self._checking is not None:
            self._checking.cancel()
        self._checking = asyncio.create_task(self._check(feeds), name="check feeds")

    async def compare(self, feeds: Sequence[Feed]) -> None:
        """Tell `feeds` where their logs stand."""
        try:
            async for feed, head in self._heads(feeds):
                if head is None:
                    feed.suspect()
                else:
                    feed.compare(head)
        except (RedisError, OSError) as error:
            _log.warning("compare_failed", error=str(error))

    async def aclose(self) -> None:
        tasks = [*self._flights.values(), *self._mending.values()]
        if self._checking is not None:
            tasks.append(self._checking)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _fly(self, feed: Feed) -> "asyncio.Task[None]":
        flight = asyncio.create_task(self._read(feed), name=f"read {feed.job_id}")
        self._flights[feed] = flight
        flight.add_done_callback(lambda _: self._landed(feed, flight))
        return flight

    def _landed(self, feed: Feed, flight: "asyncio.Task[None]") -> None:
        self._flights.pop(feed, None)
        if not flight.cancelled():
            flight.exception()  # whoever waited has been told

    async def _read(self, feed: Feed) -> None:
        if feed.tail is None:
            await self._subscribe(feed)
        if feed.tail is not None and feed.holed:
            feed.about_to_read()
            # The end of the log is enough, unless it is not that of the log that was followed.
            learnt = feed.learn(await self._log.read_after(feed.job_id, feed.tail.sequence))
            if learnt and not feed.wants_all:
                return
        feed.about_to_read()
        feed.adopt(await self._log.whole(feed.job_id))

    async def _mend(self, feed: Feed) -> None:
        since = time.monotonic()
        try:
            while feed.lacks_log and not feed.idle:
                if not await self._mend_once(feed, patient=time.monotonic() - since < LOST_AFTER_S):
                    await asyncio.sleep(random.uniform(RETRY_S / 2, RETRY_S))  # noqa: S311
        finally:
            # In the same step as the last look at the feed: what it lacks later gets a new task.
            del self._mending[feed]

    async def _mend_once(self, feed: Feed, *, patient: bool) -> bool:
        """Whether to go on at once."""
        try:
            flight = self._flights.get(feed) or self._fly(feed)
            await asyncio.shield(flight)
            if feed.lacks_log and not patient:
                feed.about_to_read()
                feed.adopt(await self._log.whole(feed.job_id), at_any_price=True)
        except (UnknownJob, UnreadableLog) as error:
            _log.warning("log_missed", job=feed.job_id, error=str(error))
            if not patient:
                feed.farewell()
            return not patient
        except (RedisError, OSError, BusUnavailable, InvalidEvent) as error:
            _log.warning("mend_failed", job=feed.job_id, error=str(error))
            return False
        return not feed.lacks_log

    async def _check(self, feeds: Sequence[Feed]) -> None:
        """As long as Redis does not answer, nobody knows: then all are suspect."""
        try:
            async for feed, head in self._heads(feeds):
                if head is None or (feed.tail is not None and behind(feed.tail.position, head)):
                    feed.suspect()
        except (RedisError, OSError) as error:
            _log.warning("check_failed", error=str(error))
            for feed in feeds:
                feed.suspect()

    async def _heads(self, feeds: Sequence[Feed]) -> AsyncIterator[tuple[Feed, Position | None]]:
        for begin in range(0, len(feeds), COMPARED_AT_A_TIME):
            some = feeds[begin : begin + COMPARED_AT_A_TIME]
            heads = await self._log.heads([feed.job_id for feed in some])
            for feed, head in zip(some, heads, strict=True):
                yield feed, None if head is None else Position(*head)
