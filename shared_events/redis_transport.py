"""The transport of a connection that redis-py has opened, for a protocol of our own.

redis-py knows URLs, TLS, AUTH and unix sockets, but takes 5 µs to hand over a message. All contact with
the internals of its connections is here; `tests/shared_events/test_redis_transport.py` holds them to it.
"""

import asyncio
import socket
from typing import Final, cast

from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as RedisConnectionError

RECEIVE_BUFFER_BYTES: Final = 4 * 1024 * 1024
"""What a TCP connection holds while we are busy elsewhere."""


class RedisTransport:
    """One connection, apart from the pool's. `close` it, whatever became of `open`."""

    def __init__(self, redis: "Redis") -> None:
        self._connection: AbstractConnection = redis.connection_pool.make_connection()  # type: ignore[no-untyped-call]

    async def open(self, protocol: asyncio.BufferedProtocol) -> asyncio.Transport:
        """Connect as `redis` does, then let `protocol` have all that arrives, without `connection_made`.

        Raises `RedisError`, `OSError`.
        """
        await self._connection.connect()  # type: ignore[no-untyped-call]
        transport = self._transport
        # Nobody would tell the protocol of an end that came before it.
        if transport is None or transport.is_closing() or await self._connection.can_read():
            raise RedisConnectionError("Redis ended the connection, or said something unasked.")
        _widen(transport)
        transport.set_protocol(protocol)
        return transport

    async def close(self) -> None:
        """At once: what is not sent yet is dropped."""
        if self._transport is not None:
            self._transport.abort()
        await self._connection.disconnect(nowait=True)

    @property
    def _transport(self) -> asyncio.Transport | None:
        writer = self._connection._writer  # noqa: SLF001
        return None if writer is None else cast("asyncio.Transport", writer.transport)


def _widen(transport: asyncio.Transport) -> None:
    connected = transport.get_extra_info("socket")
    if connected is not None and connected.family in {socket.AF_INET, socket.AF_INET6}:
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
