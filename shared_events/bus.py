"""The bus: one subscriber per process, which tells what it hears and every hole that it may have.

Redis' pub/sub delivers at most once. The bus reconnects with back-off, subscribes again and then
reports a hole, because anything may have been published meanwhile; the log has it.
"""

import asyncio
import math
import random
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import structlog
from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import RedisError

from shared_events.errors import BusUnavailable

CONFIRM_TIMEOUT_S: Final = 5.0
_FIRST_PAUSE_S: Final = 0.05
_LONGEST_PAUSE_S: Final = 2.0
_SUBSCRIBE_BATCH: Final = 500

_log = structlog.get_logger("bus")


class Bus:
    """Subscriptions of one process. `run` must be a task of the owner for as long as the bus is used."""

    def __init__(
        self,
        redis: "Redis",
        *,
        on_message: Callable[[str, bytes], None],
        on_hole: Callable[[], None],
    ) -> None:
        self._redis = redis
        self._on_message = on_message
        self._on_hole = on_hole
        self._channels: dict[str, asyncio.Future[None]] = {}
        self._unconfirmed: Counter[str] = Counter()
        self._connection: AbstractConnection | None = None
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
        session = self._session = asyncio.create_task(self._listen(), name="bus session")
        try:
            await asyncio.wait({session})
        finally:
            session.cancel()
            was_connected = self.connected
            await self._drop_connection()
        error = None if session.cancelled() else session.exception()
        if error is not None and not isinstance(error, (RedisError, OSError, TimeoutError)):
            raise error
        _log.warning("bus_lost", error=str(error or "rebuilt"), channels=len(self._channels))
        return was_connected

    async def _listen(self) -> None:
        connection: AbstractConnection = self._redis.connection_pool.make_connection()  # type: ignore[no-untyped-call]
        self._unconfirmed.clear()
        self._connection = connection
        await connection.connect()  # type: ignore[no-untyped-call]
        for channels in _batches(list(self._channels)):
            await self._subscribe(connection, channels)
        async with asyncio.timeout(CONFIRM_TIMEOUT_S):
            while not all(confirmed.done() for confirmed in self._channels.values()):
                self._receive(await _read(connection))
        self.connected = True
        self.sessions += 1
        self._on_hole()
        while True:
            self._receive(await _read(connection))

    async def _subscribe(self, connection: AbstractConnection, channels: list[str]) -> None:
        self._unconfirmed.update(channels)
        # No health check: it would read the connection beside `_listen`.
        await connection.send_command("SUBSCRIBE", *channels, check_health=False)

    def _receive(self, reply: Any) -> None:
        match reply:
            case [b"message", channel, data]:
                self._on_message(channel.decode(), data)
            case [b"subscribe", name, _]:
                channel = name.decode()
                self._unconfirmed[channel] -= 1
                confirmed = self._channels.get(channel)
                # After unfollow and follow in haste only the last confirmation counts.
                if confirmed is not None and self._unconfirmed[channel] <= 0 and not confirmed.done():
                    confirmed.set_result(None)

    async def _send(self, command: str, channel: str) -> None:
        connection = self._connection
        if connection is None or not connection.is_connected:
            return  # `_listen` subscribes to all channels once it is connected
        try:
            if command == "SUBSCRIBE":
                await self._subscribe(connection, [channel])
            else:
                await connection.send_command(command, channel, check_health=False)
        except (RedisError, OSError, TimeoutError):
            self.rebuild()

    async def _drop_connection(self) -> None:
        connection, self._connection = self._connection, None
        self.connected = False
        loop = asyncio.get_running_loop()
        for channel, confirmed in self._channels.items():
            if confirmed.done():
                self._channels[channel] = loop.create_future()
        if connection is not None:
            await connection.disconnect(nowait=True)


async def _read(connection: AbstractConnection) -> Any:
    # Silence is no failure here: whether the bus is deaf, the owner's probe finds out.
    return await connection.read_response(timeout=math.inf)


def _batches(channels: list[str]) -> list[list[str]]:
    return [channels[i : i + _SUBSCRIBE_BATCH] for i in range(0, len(channels), _SUBSCRIBE_BATCH)]
