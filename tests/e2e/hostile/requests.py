"""What hostile HTTP clients do. Each returns what became of it."""

import asyncio
import random
from typing import Final

from tests.e2e.hostile.target import FOR_EVER_S, Target

HANDSHAKE: Final = (
    b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
)
BODY: Final = b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
NONSENSE: Final = (
    b"\x16\x03\x01\x02\x00" * 50,
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET /socket.io/?EIO=4&transport=polling&sid=" + b"x" * 9000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
    b"GET /socket.io/?EIO=3&transport=polling HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"BREW /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /socket.io/?EIO=4&transport=polling&sid=%00%ff HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"POST /socket.io/?EIO=4&transport=polling&sid=x HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
    b"GET /v1/jobs/%2e%2e%2f%00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
)


async def sends_half_a_request(target: Target) -> str:
    async with target.tcp() as (_, writer):
        writer.write(HANDSHAKE[: random.randrange(len(HANDSHAKE))])
        await asyncio.sleep(random.choice((0.2, FOR_EVER_S)))
        return "hung up"


async def sends_half_a_body(target: Target) -> str:
    async with target.tcp() as (reader, writer):
        writer.write(BODY + b"Content-Length: 60000\r\n\r\n" + b"{" * random.choice((0, 1, 50_000)))
        await asyncio.wait({asyncio.create_task(reader.read(1))}, timeout=random.choice((0.2, FOR_EVER_S)))
        return "hung up"


async def sends_nonsense(target: Target) -> str:
    async with target.tcp() as (reader, writer):
        writer.write(random.choice(NONSENSE))
        return (await reader.read(100))[9:12].decode() or "cut"


async def hangs_up_at_once(target: Target) -> str:
    """In the middle of what the server answers with a task."""
    async with target.tcp() as (_, writer):
        writer.write(random.choice((b"", HANDSHAKE + b"\r\n", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")))
        return "hung up"
