"""What is attacked, and connections to it that were opened as the protocol says."""

import asyncio
import json
import random
import socket as sockets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from aiohttp import ClientSession
from yarl import URL

from tests.realtime.engine.wire import CLOSE, TEXT, Polling, RawWebSocket, upgrade_request

FOR_EVER_S: Final = 3600.0
SMALL_WINDOW_BYTES: Final = 4096


class Target:
    """The node at `url`, and the `jobs` that honest followers follow there."""

    def __init__(self, url: str, session: ClientSession, jobs: list[str], *, ends_at: float) -> None:
        self.url = URL(url)
        self.endpoint = self.url / "socket.io/"
        self.jobs = jobs
        self.session = session
        self._ends_at = ends_at

    @property
    def left_s(self) -> float:
        return max(0.0, self._ends_at - asyncio.get_running_loop().time())

    @property
    def job(self) -> str:
        return random.choice(self.jobs)

    async def polling(self) -> Polling:
        return await Polling(self.session, str(self.endpoint)).open()

    @asynccontextmanager
    async def tcp(
        self, *, window_bytes: int | None = None
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """A connection, aborted at the end."""
        socket = sockets.socket()
        socket.setblocking(False)
        if window_bytes is not None:
            socket.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, window_bytes)
        await asyncio.get_running_loop().sock_connect(socket, (self.url.host, self.url.port))
        reader, writer = await asyncio.open_connection(sock=socket, limit=SMALL_WINDOW_BYTES)
        try:
            yield reader, writer
        finally:
            writer.transport.abort()

    @asynccontextmanager
    async def websocket(
        self, *, window_bytes: int | None = None, sid: str = ""
    ) -> AsyncIterator[RawWebSocket]:
        """One whose handshake is done."""
        query = {"EIO": "4", "transport": "websocket", **({"sid": sid} if sid else {})}
        async with self.tcp(window_bytes=window_bytes) as (reader, writer):
            writer.write(upgrade_request(self.endpoint.with_query(query)).encode())
            answer = await reader.readuntil(b"\r\n\r\n")
            if not answer.startswith(b"HTTP/1.1 101"):
                raise EOFError
            yield RawWebSocket(reader, writer)

    @asynccontextmanager
    async def client(self, *, window_bytes: int | None = None) -> AsyncIterator[RawWebSocket]:
        """A websocket on which the namespace is connected."""
        async with self.websocket(window_bytes=window_bytes) as websocket:
            websocket.send(TEXT, b"40")
            while (message := await websocket.receive()) is not None and not message[1].startswith(b"40"):
                pass
            yield websocket


def event(name: str, payload: Any, number: int = 1) -> bytes:
    return f"42{number}{json.dumps([name, payload])}".encode()


async def closed(websocket: RawWebSocket) -> str:
    """The code with which the server ends the connection. Waits as long as it takes."""
    while True:
        try:
            message = await websocket.receive()
        except TimeoutError:
            continue
        if message is None:
            return "cut"
        if message[0] == CLOSE:
            return f"closed with {int.from_bytes(message[1][:2], 'big')}"
