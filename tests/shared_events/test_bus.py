"""The bus against a real server that is killed, frozen and started again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from redis.asyncio import Redis

from shared_events.bus import Bus
from shared_events.errors import BusUnavailable
from shared_events.keys import Keys
from shared_events.redis_client import connect
from tests.redis_server import RedisServer
from tests.waiting import eventually, eventually_awaited


class Listener:
    """A bus whose messages and holes are kept."""

    def __init__(self, url: str) -> None:
        self.redis: Redis = connect(url)
        self.heard: list[tuple[str, bytes]] = []
        self.holes = 0
        self.bus = Bus(self.redis, on_message=lambda *message: self.heard.append(message), on_hole=self._hole)

    def _hole(self) -> None:
        self.holes += 1

    async def hears(self, channel: str) -> bool:
        """Whether something published now arrives."""
        self.heard.clear()
        with suppress(Exception):
            await self.redis.publish(channel, "?")
        with suppress(AssertionError):
            await eventually(lambda: (channel, b"?") in self.heard, timeout_s=0.5)
        return (channel, b"?") in self.heard


@asynccontextmanager
async def listening(url: str) -> AsyncIterator[Listener]:
    listener = Listener(url)
    task = asyncio.create_task(listener.bus.run())
    try:
        await eventually(lambda: listener.bus.connected)
        yield listener
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await listener.redis.aclose()


@pytest.fixture
async def listener(shared_redis: RedisServer) -> AsyncIterator[Listener]:
    async with listening(shared_redis.url) as one:
        yield one


async def test_a_followed_channel_is_heard_from_when_follow_returns(listener: Listener, keys: Keys) -> None:
    channel = keys.probe("a")
    await listener.bus.follow(channel)
    await listener.redis.publish(channel, "hello")
    await eventually(lambda: listener.heard == [(channel, b"hello")])


async def test_an_unfollowed_channel_falls_silent(listener: Listener, keys: Keys) -> None:
    channel = keys.probe("a")
    await listener.bus.follow(channel)
    await listener.bus.unfollow(channel)

    async def nobody_listens() -> bool:
        return await listener.redis.pubsub_numsub(channel) == [(channel.encode(), 0)]

    await eventually_awaited(nobody_listens)


async def test_in_haste_the_last_confirmation_counts(listener: Listener, keys: Keys) -> None:
    """The first confirmation used to count for the second follow, before the server had seen it."""
    channel = keys.probe("a")
    for _ in range(50):
        first = asyncio.create_task(listener.bus.follow(channel))
        await asyncio.sleep(0)
        await listener.bus.unfollow(channel)
        with suppress(asyncio.CancelledError):
            await first
        await listener.bus.follow(channel)
        assert await listener.redis.publish(channel, "x") == 1
        await listener.bus.unfollow(channel)


async def test_a_killed_subscriber_comes_back_and_tells_the_hole(listener: Listener, keys: Keys) -> None:
    channels = [keys.probe(str(n)) for n in range(3)]
    for channel in channels:
        await listener.bus.follow(channel)
    for _ in range(5):
        holes = listener.holes
        await listener.redis.client_kill_filter(_type="pubsub")
        await eventually(lambda: listener.holes > holes)  # noqa: B023
        assert all([await listener.hears(channel) for channel in channels])


async def test_follow_while_redis_is_away_is_confirmed_later(own_redis: RedisServer) -> None:
    async with listening(own_redis.url) as listener:
        own_redis.kill()
        await eventually(lambda: not listener.bus.connected)
        following = asyncio.create_task(listener.bus.follow("c"))
        own_redis.start()
        await following
        assert await listener.hears("c")


async def test_a_deaf_bus_hears_again_after_rebuild(own_redis: RedisServer) -> None:
    async with listening(own_redis.url) as listener:
        await listener.bus.follow("c")
        own_redis.freeze()
        with pytest.raises(BusUnavailable, match="5 s"):
            await listener.bus.follow("d")
        own_redis.thaw()
        holes = listener.holes
        listener.bus.rebuild()
        await eventually(lambda: listener.holes > holes)
        assert await listener.hears("c")
        assert await listener.hears("d")


async def test_closing_leaves_no_task_and_no_connection(shared_redis: RedisServer) -> None:
    before = asyncio.all_tasks()
    async with listening(shared_redis.url) as listener:
        await listener.bus.follow("c")
    assert asyncio.all_tasks() == before
