"""The bus: one subscriber per process, which tells what it hears and every hole that it may have.

Redis' pub/sub delivers at most once. The bus reconnects with back-off, subscribes again and then
reports a hole, because anything may have been published meanwhile; the log has it.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from shared_events.errors import BusUnavailable
from shared_events.subscriber import Subscriber

CONFIRM_TIMEOUT_S: Final = 5.0
_FIRST_PAUSE_S: Final = 0.05
_LONGEST_PAUSE_S: Final = 2.0
_SUBSCRIBE_BATCH: Final = 500

_log = structlog.get_logger("bus")


class Bus:
    """Subscriptions of one process. `run` must be a task of the owner for as long as the bus is used.

    `on_message` gets a message's channel and data; `on_batch` comes after the messages of each read, and
    hears whether the socket probably has more. What they raise comes out of `run`.
    """

    def __init__(
        self,
        redis: "Redis",
        *,
        on_message: Callable[[bytes, bytes], None],
        on_hole: Callable[[], None],
        on_batch: Callable[[bool], None] = lambda _more: None,
    ) -> None:
        self._redis = redis
        self._on_message = on_message
        self._on_hole = on_hole
        self._on_batch = on_batch
        self._channels: dict[str, asyncio.Future[None]] = {}
        self._unconfirmed: Counter[str] = Counter()
        self._subscriber: Subscriber | None = None
        self._session: asyncio.Task[None] | None = None
        self.connected = False
        self.sessions = 0

    async def follow(self, channel: str) -> None:
        """Hear `channel` from when this returns. Raises `BusUnavailable`."""
        confirmed = self._channels.get(channel)
        if confirmed is None:
            confirmed = self._channels[channel] = asyncio.get_running_loop().create_future()
            await self._send("SUBSCRIBE", channel)
        try:
            async with asyncio.timeout(CONFIRM_TIMEOUT_S):
                await asyncio.shield(confirmed)
        except TimeoutError:
            message = f"Redis did not confirm a subscription within {CONFIRM_TIMEOUT_S:g} s."
            raise BusUnavailable(message) from None

    async def unfollow(self, channel: str) -> None:
        confirmed = self._channels.pop(channel, None)
        if confirmed is not None:
            confirmed.cancel()
            await self._send("UNSUBSCRIBE", channel)

    def rebuild(self) -> None:
        """Drop the connection (it is deaf); `run` makes a new one and reports the hole."""
        if self._session is not None:
            self._session.cancel()

    async def run(self) -> None:
        """Listen until cancelled."""
        failures = 0
        while True:
            failures = 0 if await self._one_session() else failures + 1
            longest = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** min(failures, 10))
            await asyncio.sleep(random.uniform(_FIRST_PAUSE_S, longest))  # noqa: S311

    async def _one_session(self) -> bool:
        """Connect and listen until the connection is lost; whether it ever heard anything."""
        subscriber = self._subscriber = self._new_subscriber()
        session = self._session = asyncio.create_task(self._open(subscriber), name="bus session")
        try:
            ends: set[asyncio.Future[Any]] = {session, subscriber.ended}
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            error = _error_of(session, subscriber)
        finally:
            was_connected = self.connected
            await self._drop(session, subscriber)
        if error is not None and not isinstance(error, (RedisError, OSError, TimeoutError)):
            raise error
        _log.warning("bus_lost", error=str(error or "rebuilt"), channels=len(self._channels))
        return was_connected

    def _new_subscriber(self) -> Subscriber:
        self._unconfirmed.clear()
        return Subscriber(
            self._redis,
            on_message=self._on_message,
            on_subscribed=self._confirm,
            on_batch=self._on_batch,
        )

    async def _open(self, subscriber: Subscriber) -> None:
        """Subscribe to everything, report the hole, and stay until the connection has ended."""
        await subscriber.open()
        async with asyncio.timeout(CONFIRM_TIMEOUT_S):
            for channels in _batches(list(self._channels)):
                # Some may have been unfollowed while an earlier batch was sent.
                await self._subscribe(subscriber, [name for name in channels if name in self._channels])
            await self._all_confirmed()
        self.connected = True
        self.sessions += 1
        self._on_hole()
        await asyncio.wait({subscriber.ended})

    async def _all_confirmed(self) -> None:
        pending = [confirmed for confirmed in self._channels.values() if not confirmed.done()]
        if pending:
            await asyncio.wait(pending)

    async def _subscribe(self, subscriber: Subscriber, channels: list[str]) -> None:
        if channels:
            self._unconfirmed.update(channels)
            await subscriber.send("SUBSCRIBE", *channels)

    def _confirm(self, name: bytes) -> None:
        channel = name.decode()
        self._unconfirmed[channel] -= 1
        if self._unconfirmed[channel] > 0:
            return  # after unfollow and follow in haste only the last confirmation counts
        del self._unconfirmed[channel]
        confirmed = self._channels.get(channel)
        if confirmed is not None and not confirmed.done():
            confirmed.set_result(None)

    async def _send(self, command: str, channel: str) -> None:
        subscriber = self._subscriber
        if subscriber is None or not subscriber.is_open:
            return  # `_open` subscribes to all channels once it is connected
        try:
            async with asyncio.timeout(CONFIRM_TIMEOUT_S):
                if command == "SUBSCRIBE":
                    await self._subscribe(subscriber, [channel])
                else:
                    await subscriber.send(command, channel)
        except TimeoutError:
            if subscriber is self._subscriber:
                self.rebuild()

    async def _drop(self, session: asyncio.Task[None], subscriber: Subscriber) -> None:
        session.cancel()
        self._subscriber = None
        self.connected = False
        loop = asyncio.get_running_loop()
        for channel, confirmed in self._channels.items():
            if confirmed.done():
                self._channels[channel] = loop.create_future()
        await subscriber.close()
        await asyncio.wait({session})


def _error_of(session: asyncio.Task[None], subscriber: Subscriber) -> BaseException | None:
    """Why the session is over; None where it was cancelled."""
    if subscriber.ended.done():
        return subscriber.ended.result()
    return None if session.cancelled() else session.exception()


def _batches(channels: list[str]) -> Iterator[list[str]]:
    return (channels[i : i + _SUBSCRIBE_BATCH] for i in range(0, len(channels), _SUBSCRIBE_BATCH))
