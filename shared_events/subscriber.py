"""One connection of the bus: commands out, and all messages of a read handed over in one go.

Received into one buffer and parsed by hiredis: about a microsecond a message.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final

import hiredis
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import InvalidResponse, RedisError, ResponseError

from shared_events.redis_transport import RedisTransport

BUFFER_BYTES: Final = 256 * 1024
"""The most that is read at once; a message may be larger."""
BEHIND_BYTES: Final = 64 * 1024
"""What Redis writes to a subscriber at a time: who reads as much at once is probably behind."""


class Subscriber(asyncio.BufferedProtocol):
    """Serves from `open` until `ended`, then wants `close`, and is of no more use.

    `on_message` gets channel and data of each message, `on_subscribed` each confirmed channel, `on_batch`
    comes after each read: whether the socket probably has more. What they raise ends the connection.
    """

    def __init__(
        self,
        redis: "Redis",
        *,
        on_message: Callable[[bytes, bytes], None],
        on_subscribed: Callable[[bytes], None],
        on_batch: Callable[[bool], None],
    ) -> None:
        self._on_message = on_message
        self._on_subscribed = on_subscribed
        self._on_batch = on_batch
        self._buffer = bytearray(BUFFER_BYTES)
        self._room = memoryview(self._buffer)
        self._parser = hiredis.Reader(protocolError=InvalidResponse, replyError=ResponseError)
        self._parser.setmaxbuf(2 * BUFFER_BYTES)  # keeps its memory from read to read
        self._redis_transport = RedisTransport(redis)
        self._transport: asyncio.Transport | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self.ended: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()
        """Why it ended."""

    async def open(self) -> None:
        """Raises `RedisError`, `OSError`."""
        self._transport = await self._redis_transport.open(self)
        if self.ended.done():  # closed meanwhile
            self._transport.abort()
            raise self.ended.result()

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    async def send(self, command: str, *channels: str) -> None:
        """Sent, or at least kept, when this returns; nothing happens unless it `is_open`."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(hiredis.pack_command((command, *channels)))  # type: ignore[arg-type]
            await self._writable.wait()

    async def close(self) -> None:
        """Nothing is handed over any more."""
        self._end(RedisConnectionError("The bus closed the connection."))
        await self._redis_transport.close()

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002
        return self._room

    def buffer_updated(self, nbytes: int) -> None:
        if self.ended.done():
            return
        try:
            self._parser.feed(self._buffer, 0, nbytes)  # type: ignore[arg-type]
            self._hand_over()
            self._on_batch(nbytes >= BEHIND_BYTES)
        except Exception as error:  # noqa: BLE001
            self._end(error)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc or RedisConnectionError("Redis closed the connection."))

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def _hand_over(self) -> None:
        """The innermost loop of a node."""
        next_reply, on_message = self._parser.gets, self._on_message
        while (reply := next_reply()) is not False:
            try:
                kind, channel, data = reply
            except (TypeError, ValueError):
                raise _unexpected(reply) from None
            if kind == b"message":
                on_message(channel, data)
            elif kind == b"subscribe":
                self._on_subscribed(channel)

    def _end(self, error: Exception) -> None:
        self._writable.set()
        if not self.ended.done():
            self.ended.set_result(error)
        if self._transport is not None:
            self._transport.abort()


def _unexpected(reply: Any) -> RedisError:
    if isinstance(reply, ResponseError):
        return reply
    return InvalidResponse(f"A subscriber was sent something of type {type(reply).__name__}.")
