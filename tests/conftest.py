"""What all tests share: one real Redis-compatible server, and names of one's own on it."""

import secrets
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from shared_events.keys import Keys
from shared_events.log import JobLog
from shared_events.redis_client import connect
from tests.redis_server import RedisServer, redis_server


@pytest.fixture(scope="session")
def shared_redis() -> Iterator[RedisServer]:
    """One server for the session. A test that breaks its Redis uses `own_redis`."""
    with tempfile.TemporaryDirectory(prefix="jobcast-") as directory, redis_server(Path(directory)) as server:
        yield server


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    """A server that this test may kill, freeze and start again; what was written stays."""
    with (
        tempfile.TemporaryDirectory(prefix="jobcast-") as directory,
        redis_server(Path(directory), persistent=True, synced=True) as server,
    ):
        yield server


@pytest.fixture
def keys() -> Keys:
    return Keys(f"t{secrets.token_hex(4)}")


@pytest.fixture
async def redis(shared_redis: RedisServer) -> AsyncIterator[Redis]:
    client = connect(shared_redis.url)
    yield client
    await client.aclose()


@pytest.fixture
def log(redis: Redis, keys: Keys) -> JobLog:
    return JobLog(redis, keys, lease_s=15, ttl_s=3600)
