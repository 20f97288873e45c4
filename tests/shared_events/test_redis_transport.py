"""What `shared_events.redis_transport` relies on in redis-py: fails when a new version breaks it."""

import asyncio
import shutil
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.asyncio.connection import Connection, UnixDomainSocketConnection
from redis.exceptions import ConnectionError as RedisConnectionError

from shared_events.redis_client import connect
from shared_events.redis_transport import RedisTransport
from tests.redis_server import RedisServer
from tests.shared_events.scripted_redis import ScriptedRedis, scripted_redis
from tests.tcp_proxy import tcp_proxy
from tests.waiting import eventually, eventually_awaited


class Ear(asyncio.BufferedProtocol):
    """Keeps what it hears, received in pieces of `room` bytes."""

    def __init__(self, room: int = 65536) -> None:
        self._room = memoryview(bytearray(room))
        self.heard = b""
        self.lost = False

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._room

    def buffer_updated(self, nbytes: int) -> None:
        self.heard += self._room[:nbytes]

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True


class Watched(UnixDomainSocketConnection):
    """Once it is connected, redis-py has no business with it but to end it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.used: list[str] = []

    async def read_response(self, *args: Any, **options: Any) -> Any:
        self.used.append("read_response")
        return await super().read_response(*args, **options)

    async def check_health(self) -> None:
        self.used.append("check_health")
        await super().check_health()  # type: ignore[no-untyped-call]

    async def send_packed_command(self, *args: Any, **options: Any) -> None:
        self.used.append("send_packed_command")
        await super().send_packed_command(*args, **options)


class Ended(Connection):
    """Lost at the very moment at which it is connected."""

    async def connect(self) -> None:
        await super().connect()  # type: ignore[no-untyped-call]
        assert self._writer is not None
        self._writer.transport.abort()


@asynccontextmanager
async def opened(redis: Redis, ear: Ear) -> AsyncIterator[tuple[RedisTransport, asyncio.Transport]]:
    one = RedisTransport(redis)
    try:
        yield one, await one.open(ear)
    finally:
        await one.close()


@asynccontextmanager
async def scripted_client(script: ScriptedRedis, scheme: str = "redis") -> AsyncIterator[Redis]:
    options = "?ssl_cert_reqs=none&ssl_check_hostname=false" if scheme == "rediss" else ""
    redis = connect(f"{scheme}://127.0.0.1:{script.port}{options}")
    yield redis
    await redis.aclose()


async def test_the_protocol_gets_every_byte_and_redis_py_none(redis: Redis) -> None:
    ear = Ear(room=7)
    async with opened(redis, ear) as (one, transport):
        transport.write(b"PING\r\nECHO " + b"x" * 1000 + b"\r\n")
        await eventually(lambda: ear.heard == b"+PONG\r\n$1000\r\n" + b"x" * 1000 + b"\r\n")
        connection = one._connection
        assert connection._reader is not None
        assert connection._reader._buffer == b""  # type: ignore[attr-defined]
        assert not connection._parser._reader.has_data()  # type: ignore[attr-defined]
        assert not await connection.can_read()


async def test_redis_py_neither_reads_nor_checks_nor_sends_on_it(shared_redis: RedisServer) -> None:
    redis = connect(shared_redis.url)
    redis.connection_pool.connection_class = Watched
    redis.connection_pool.connection_kwargs["health_check_interval"] = 0.001
    ear = Ear()
    async with opened(redis, ear) as (one, transport):
        assert isinstance(one._connection, Watched)
        one._connection.used.clear()
        for n in range(20):
            transport.write(b"PING\r\n")
            await eventually(lambda: ear.heard == b"+PONG\r\n" * (n + 1))  # noqa: B023
            await redis.ping()
        assert one._connection.used == []
    await redis.aclose()


async def test_it_is_none_of_the_pools_connections(redis: Redis) -> None:
    ear = Ear()
    async with opened(redis, ear) as (_, transport):
        await redis.connection_pool.disconnect()
        await redis.ping()
        transport.write(b"PING\r\n")
        await eventually(lambda: ear.heard == b"+PONG\r\n")


async def test_closing_ends_it_here_and_at_the_server(redis: Redis) -> None:
    ear = Ear()
    async with opened(redis, ear) as (one, transport):
        transport.write(b"CLIENT SETNAME to-be-closed\r\n")
        await eventually(lambda: ear.heard == b"+OK\r\n")
    assert not one._connection.is_connected
    await eventually(lambda: ear.lost)

    async def is_gone() -> bool:
        return all(client["name"] != "to-be-closed" for client in await redis.client_list())

    await eventually_awaited(is_gone)
    await one.close()


async def test_what_a_frozen_server_has_not_taken_does_not_keep_it_open(own_redis: RedisServer) -> None:
    redis, ear = connect(own_redis.url), Ear()
    async with opened(redis, ear) as (_, transport):
        own_redis.freeze()
        transport.write(b"x" * 10_000_000)
        assert transport.get_write_buffer_size() > 0
    await eventually(lambda: ear.lost)
    await redis.aclose()


async def test_an_end_before_the_protocol_could_hear_of_it_is_an_error(shared_redis: RedisServer) -> None:
    with tcp_proxy(shared_redis.socket) as proxy:
        redis = connect(f"redis://127.0.0.1:{proxy.port}")
        redis.connection_pool.connection_class = Ended
        one = RedisTransport(redis)
        with pytest.raises(RedisConnectionError, match="ended"):
            await one.open(Ear())
        await one.close()
        await redis.aclose()


async def test_the_end_of_the_server_is_told() -> None:
    async with scripted_redis() as script, scripted_client(script) as client:
        ear = Ear()
        async with opened(client, ear) as (_, transport):
            transport.write(b"x")
            await eventually(lambda: script.heard == b"x")
            script.hang_up()
            await eventually(lambda: ear.lost)


async def test_a_tcp_connection_has_room_for_what_comes_while_we_are_busy() -> None:
    async with scripted_redis() as script, scripted_client(script) as client:
        with socket.socket() as plain:
            usual = plain.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        async with opened(client, Ear()) as (_, transport):
            inner = transport.get_extra_info("socket")
            assert inner.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) > usual


async def test_over_tls_it_is_the_same(tmp_path: Path) -> None:
    async with scripted_redis(_certified(tmp_path)) as script, scripted_client(script, "rediss") as client:
        ear = Ear(room=100)
        async with opened(client, ear) as (_, transport):
            transport.write(b"hello")
            await eventually(lambda: script.heard == b"hello")
            script.say(b"y" * 100_000)
            await eventually(lambda: ear.heard == b"y" * 100_000)
        await eventually(lambda: ear.lost)


def _certified(directory: Path) -> ssl.SSLContext:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl command to make a certificate with")
    key, certificate = str(directory / "key.pem"), str(directory / "certificate.pem")
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"),
            *("-keyout", key, "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
