"""The jobs that were accepted and have not ended, as far as anybody noticed: what a sweeper looks through.

A job is entered before its log is made, so no crash leaves one out; whoever finds it ended takes it out.
"""

from collections.abc import Awaitable, Sequence
from typing import Any, Final, cast

from redis.asyncio import Redis

from shared_events.events import now_ms
from shared_events.ids import JobId
from shared_events.keys import Keys

KEPT_S: Final = 2 * 24 * 3600
"""Longer than any log lives."""
LOOKED_AT: Final = 2000
"""How many of them, the oldest first, one sweep looks at; the next one goes on from there."""


class OpenJobs:
    """A sorted set by the time of submission."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._key = keys.open_jobs()
        self._rank = 0

    async def add(self, job_id: JobId) -> None:
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.zadd(self._key, {job_id: now_ms()})
            pipe.expire(self._key, KEPT_S)
            await pipe.execute()

    async def remove(self, job_ids: Sequence[JobId]) -> None:
        if job_ids:
            await cast("Awaitable[Any]", self._redis.zrem(self._key, *job_ids))

    async def next_page(self) -> list[JobId]:
        """Some of them; all of them in turn."""
        last = self._rank + LOOKED_AT - 1
        found = await cast("Awaitable[list[bytes]]", self._redis.zrange(self._key, self._rank, last))
        self._rank = self._rank + LOOKED_AT if len(found) == LOOKED_AT else 0
        return [JobId(job_id.decode()) for job_id in found]
