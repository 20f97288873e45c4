"""The client of Redis: a task that uses it can be cancelled, and none waits for a frozen server."""

import asyncio
import time

import pytest
import redis as sync_redis
from redis.asyncio import Redis

from shared_events.keys import Keys
from shared_events.redis_client import connect
from tests.redis_server import RedisServer


async def _sets(redis: Redis, key: str) -> None:
    while True:
        await redis.set(key, "x", px=1000)


async def test_a_task_that_is_cancelled_at_any_moment_ends(redis: Redis, keys: Keys) -> None:
    """One in twenty went on: a worker's sweeper outlived its drain, and the worker never ended."""
    await redis.ping()
    for turns in range(300):
        task = asyncio.create_task(_sets(redis, keys.sweep()))
        for _ in range(turns % 30):
            await asyncio.sleep(0)
        task.cancel()
        _, running = await asyncio.wait({task}, timeout=0.5)
        task.cancel()
        assert not running, f"after {turns % 30} turns"


async def test_a_command_that_a_frozen_server_does_not_take_fails_in_time(own_redis: RedisServer) -> None:
    redis = connect(own_redis.url)
    await redis.ping()
    (connection,) = redis.connection_pool._available_connections
    connection.socket_timeout = 0.1
    own_redis.freeze()
    began = time.monotonic()
    with pytest.raises(sync_redis.TimeoutError, match="Timeout writing"):
        await connection.send_command("SET", "key", bytes(2**26), check_health=False)
    own_redis.thaw()
    assert time.monotonic() - began < 5
    assert connection.socket_timeout == 0.1
    await redis.aclose()
