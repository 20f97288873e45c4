"""What the tests of the workers share."""

from collections.abc import AsyncIterator, Iterator

import pytest
from redis.asyncio import Redis

from shared_events.keys import Keys
from shared_events.log import JobLog
from shared_events.open_jobs import OpenJobs
from shared_events.redis_client import connect_blocking
from tests.redis_server import RedisServer
from tests.workers.queueing import Jobs
from tests.workers.rq_site import Site
from tests.workers.writing import Job, writing


@pytest.fixture
def site(shared_redis: RedisServer) -> Site:
    return Site(shared_redis.url)


@pytest.fixture
def jobs(log: JobLog, redis: Redis, keys: Keys, shared_redis: RedisServer) -> Iterator[Jobs]:
    with connect_blocking(shared_redis.url) as connection:
        yield Jobs(log, OpenJobs(redis, keys), connection, keys)


@pytest.fixture
async def job(log: JobLog) -> AsyncIterator[Job]:
    async with writing(log) as one:
        yield one
