"""What workers announce."""

from collections.abc import Iterator

import pytest
import redis as sync_redis
from redis.asyncio import Redis

from shared_events import catalogue as module
from shared_events.catalogue import announce, read_catalogue, withdraw
from shared_events.contract import AgentEntry, Announcement, BackendEntry
from shared_events.keys import Keys
from tests.redis_server import RedisServer


def announcement(*names: str) -> Announcement:
    agents = [AgentEntry(name=name, description="", input_schema={}) for name in names]
    return Announcement(
        agents=agents, backends=[BackendEntry(name="scripted", kind="scripted", models=["essay"])]
    )


@pytest.fixture
def worker(shared_redis: RedisServer) -> Iterator[sync_redis.Redis]:
    client = sync_redis.Redis.from_url(shared_redis.url)
    yield client
    client.close()


async def test_the_catalogue_is_what_all_workers_offer(
    worker: sync_redis.Redis, redis: Redis, keys: Keys
) -> None:
    announce(worker, keys, "w1", announcement("chat"))
    announce(worker, keys, "w2", announcement("chat", "poet"))
    assert set((await read_catalogue(redis, keys)).agents) == {"chat", "poet"}
    withdraw(worker, keys, "w2")
    assert set((await read_catalogue(redis, keys)).agents) == {"chat"}
    assert 0 < await redis.ttl(keys.catalogue()) <= module.FRESH_S


async def test_a_worker_that_fell_silent_is_forgotten(
    worker: sync_redis.Redis, redis: Redis, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    announce(worker, keys, "w1", announcement("chat"))
    monkeypatch.setattr(module, "FRESH_S", -1.0)
    assert (await read_catalogue(redis, keys)).agents == {}
    assert await redis.exists(keys.catalogue()) == 0
