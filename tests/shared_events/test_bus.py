"""The bus against a real server that is killed, frozen and started again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import pytest
from redis.asyncio import Redis

from shared_events.bus import Bus
from shared_events.errors import BusUnavailable
from shared_events.keys import Keys
from shared_events.redis_client import connect
from tests.redis_server import RedisServer
from tests.shared_events.scripted_redis import scripted_redis
from tests.tcp_proxy import tcp_proxy
from tests.waiting import eventually, eventually_awaited

_SUBSCRIBED: Final = b"*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n"


class Listener:
    """A bus whose messages and holes are kept."""

    def __init__(self, url: str) -> None:
        self.redis: Redis = connect(url)
        self.heard: list[tuple[bytes, bytes]] = []
        self.holes = 0
        self.batches: list[bool] = []
        self.bus = Bus(
            self.redis,
            on_message=lambda *message: self.heard.append(message),
            on_hole=self._hole,
            on_batch=self.batches.append,
        )

    def _hole(self) -> None:
        self.holes += 1

    async def hears(self, channel: str) -> bool:
        """Whether something published now arrives."""
        self.heard.clear()
        with suppress(Exception):
            await self.redis.publish(channel, "?")
        with suppress(AssertionError):
            await eventually(lambda: (channel.encode(), b"?") in self.heard, timeout_s=0.5)
        return (channel.encode(), b"?") in self.heard


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
    await eventually(lambda: listener.heard == [(channel.encode(), b"hello")])


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


async def test_the_confirmation_of_an_earlier_subscription_confirms_nothing() -> None:
    async with scripted_redis() as script, listening(f"redis://127.0.0.1:{script.port}") as listener:
        forgotten = asyncio.create_task(listener.bus.follow("c"))
        await asyncio.sleep(0)
        await listener.bus.unfollow("c")
        following = asyncio.create_task(listener.bus.follow("c"))
        await eventually(lambda: script.heard.count(b"\nSUBSCRIBE") == 2)
        script.say(_SUBSCRIBED + b"*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nx\r\n")
        await eventually(lambda: listener.heard)
        await asyncio.sleep(0)
        assert not following.done()
        script.say(_SUBSCRIBED)
        await following
        assert forgotten.cancelled()


async def test_a_killed_subscriber_comes_back_and_tells_the_hole(listener: Listener, keys: Keys) -> None:
    channels = [keys.probe(str(n)) for n in range(3)]
    for channel in channels:
        await listener.bus.follow(channel)
    for _ in range(5):
        holes = listener.holes
        await listener.redis.client_kill_filter(_type="pubsub")
        await eventually(lambda: listener.holes > holes)  # noqa: B023
        assert all([await listener.hears(channel) for channel in channels])


async def test_however_often_it_is_killed_it_hears_every_channel_again(
    listener: Listener, keys: Keys
) -> None:
    channels = [keys.probe(str(n)) for n in range(1200)]
    await asyncio.gather(*map(listener.bus.follow, channels))
    for _ in range(20):
        holes = listener.holes
        await listener.redis.client_kill_filter(_type="pubsub")
        await eventually(lambda: listener.holes > holes)  # noqa: B023
        heard_by = await listener.redis.pubsub_numsub(*channels)
        assert heard_by == [(channel.encode(), 1) for channel in channels]
    assert listener.bus.sessions == 21


async def test_a_frozen_redis_that_comes_back_is_heard_without_a_hole(own_redis: RedisServer) -> None:
    async with listening(own_redis.url) as listener:
        await listener.bus.follow("c")
        own_redis.freeze()
        publishing = asyncio.ensure_future(listener.redis.publish("c", "late"))
        following = asyncio.create_task(listener.bus.follow("d"))
        done, _ = await asyncio.wait({publishing, following}, timeout=0.3)
        assert not done
        own_redis.thaw()
        await asyncio.gather(publishing, following)
        await eventually(lambda: (b"c", b"late") in listener.heard)
        assert await listener.hears("d")
        assert (listener.bus.sessions, listener.holes) == (1, 1)


async def test_a_redis_that_takes_no_commands_is_left(
    own_redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with listening(own_redis.url) as listener:
        monkeypatch.setattr("shared_events.bus.CONFIRM_TIMEOUT_S", 0.2)
        own_redis.freeze()
        with pytest.raises(BusUnavailable):
            await listener.bus.follow("c" * 5_000_000)
        await eventually(lambda: not listener.bus.connected)
        own_redis.thaw()
        await eventually(lambda: listener.bus.connected)
        assert listener.bus.sessions == 2


async def test_data_arrives_as_it_is(listener: Listener, keys: Keys) -> None:
    channel = keys.probe("a")
    await listener.bus.follow(channel)
    sent = [b"", b"\0", b"\r\n", b"*3\r\n$7\r\nmessage\r\n", bytes(range(256)), b"\0\r\n" * 1_700_000]
    for data in sent:
        await listener.redis.publish(channel, data)
    await eventually(lambda: listener.heard == [(channel.encode(), data) for data in sent])
    assert any(listener.batches)


async def test_over_a_cut_tcp_connection_it_comes_back(shared_redis: RedisServer, keys: Keys) -> None:
    channel = keys.probe("a")
    with tcp_proxy(shared_redis.socket) as proxy:
        async with listening(f"redis://127.0.0.1:{proxy.port}") as listener:
            await listener.bus.follow(channel)
            assert await listener.hears(channel)
            proxy.cut()
            await eventually(lambda: listener.holes == 2)
            assert await listener.hears(channel)


async def test_nonsense_ends_the_session_and_not_the_bus() -> None:
    async with scripted_redis() as script, listening(f"redis://127.0.0.1:{script.port}") as listener:
        following = asyncio.create_task(listener.bus.follow("c"))
        await eventually(lambda: b"SUBSCRIBE" in script.heard)
        script.heard = b""
        script.say(b"!nonsense\r\n")
        await eventually(lambda: b"SUBSCRIBE" in script.heard)
        script.say(_SUBSCRIBED)
        await following
        await eventually(lambda: listener.holes == 2)


@pytest.mark.parametrize("callback", ["on_message", "on_hole", "on_batch"])
async def test_what_the_owners_callbacks_raise_comes_out_of_run(
    callback: str, shared_redis: RedisServer, keys: Keys
) -> None:
    def broken(*_: object) -> None:
        raise ValueError(callback)

    redis = connect(shared_redis.url)
    callbacks: dict[str, Any] = dict.fromkeys(("on_message", "on_hole", "on_batch"), lambda *_: None)
    bus = Bus(redis, **(callbacks | {callback: broken}))
    running = asyncio.create_task(bus.run())
    following = asyncio.create_task(bus.follow(keys.probe("a")))
    await eventually_awaited(lambda: _told_or_over(redis, keys.probe("a"), running))
    with pytest.raises(ValueError, match=callback):
        await running
    following.cancel()
    await redis.aclose()


async def _told_or_over(redis: Redis, channel: str, running: asyncio.Task[None]) -> bool:
    await redis.publish(channel, "x")
    return running.done()


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
    assert asyncio.all_tasks() <= before
