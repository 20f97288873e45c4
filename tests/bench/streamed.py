"""Logs for the bench to look at."""

from collections.abc import Iterator
from contextlib import contextmanager

import redis

from shared_events.answers import Answer
from shared_events.ids import Epoch, JobId
from shared_events.log import JobLog
from tests.redis_server import RedisServer


@contextmanager
def client_of(server: RedisServer) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(server.url, protocol=2) as client:
        yield client


async def compact(log: JobLog, job: JobId, epoch: Epoch, *, keep_from: int) -> None:
    """As a writer does: a snapshot of all that there is, and only the end of the events."""
    base = (await log.view(job)).snapshot(reset=False)
    assert await log.compact(job, epoch, base, keep_from=keep_from) is Answer.OK
