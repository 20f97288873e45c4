"""A TCP proxy for tests: whatever may happen to bytes on their way to a server and back.

with tcp_proxy("/run/redis.sock") as proxy:
    ...connect to 127.0.0.1:{proxy.port}
    proxy.cut()
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final

from tests.loop_thread import LoopThread

Target = Path | tuple[str, int]
"""A unix socket, or host and port."""

_READ_BYTES: Final = 64 * 1024
_Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Faults:
    """What the proxy does to bytes, shared by all its connections. To be touched on the proxy's loop."""

    def __init__(self) -> None:
        self.requests = _Way()
        self.replies = _Way()
        self.losing: bytes | None = None
        self.lost = 0

    def takes_reply_to(self, data: bytes) -> bool:
        """Whether the reply to the request `data` is the one to be lost."""
        if self.losing is None or self.losing not in data:
            return False
        self.losing = None
        self.lost += 1
        return True


class _Way:
    """One direction."""

    def __init__(self) -> None:
        self.latency_s = 0.0
        self.drops = False
        self.open = asyncio.Event()
        self.open.set()

    async def pass_on(self, data: bytes, writer: asyncio.StreamWriter) -> None:
        await self.open.wait()
        if self.latency_s:
            await asyncio.sleep(self.latency_s)
        if not self.drops:
            writer.write(data)
            await writer.drain()


class _Connection:
    """A client's connection and the one to the target that belongs to it; `run` until either ends."""

    def __init__(self, client: _Streams, target: _Streams, faults: Faults) -> None:
        self._client = client
        self._target = target
        self._faults = faults
        self._loses_reply = False

    async def run(self) -> None:
        ways = [asyncio.create_task(self._carry_requests()), asyncio.create_task(self._carry_replies())]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            self.cut()
            await asyncio.gather(*ways, return_exceptions=True)

    def cut(self) -> None:
        for _, writer in (self._client, self._target):
            writer.transport.abort()

    async def _carry_requests(self) -> None:
        while data := await self._client[0].read(_READ_BYTES):
            self._loses_reply = self._loses_reply or self._faults.takes_reply_to(data)
            await self._faults.requests.pass_on(data, self._target[1])

    async def _carry_replies(self) -> None:
        while data := await self._target[0].read(_READ_BYTES):
            if self._loses_reply:
                return
            await self._faults.replies.pass_on(data, self._client[1])


class TcpProxy:
    """Safe to call from any thread; each call returns when it has come about."""

    def __init__(self, thread: LoopThread, target: Target) -> None:
        self.port = 0
        self._thread = thread
        self._target = target
        self._faults = thread.call(Faults)
        self._connections: set[_Connection] = set()
        self.accepted = 0
        """How many connections there have been."""
        self._server: asyncio.Server | None = None

    @property
    def connections(self) -> int:
        return len(self._connections)

    @property
    def lost(self) -> int:
        """How many replies `lose_reply_to` has taken."""
        return self._faults.lost

    def accept(self) -> None:
        """Take connections; on the same port as before, once it had one."""
        self._thread.run(self._listen)

    def refuse(self) -> None:
        """Take no new connections."""
        self._thread.run(self._close)

    def cut(self) -> None:
        """End all connections at once; new ones are taken."""
        self._thread.call(self._cut)

    def freeze(self) -> None:
        """Connections stay, nothing gets through."""
        self._thread.call(partial(self._set_open, False))

    def thaw(self) -> None:
        """What was held back goes on its way."""
        self._thread.call(partial(self._set_open, True))

    def drop_replies(self, drops: bool = True) -> None:
        """What the target sends disappears, while the target hears everything."""
        self._thread.call(partial(setattr, self._faults.replies, "drops", drops))

    def lose_reply_to(self, marker: bytes) -> None:
        """The next request that has `marker` arrives; its connection ends in place of the reply."""
        self._thread.call(partial(setattr, self._faults, "losing", marker))

    def delay(self, latency_s: float) -> None:
        """Let all that passes wait, each way."""
        for way in (self._faults.requests, self._faults.replies):
            self._thread.call(partial(setattr, way, "latency_s", latency_s))

    def close(self) -> None:
        self.refuse()
        self.cut()

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            target = await _open(self._target)
        except OSError:
            writer.transport.abort()
            return
        connection = _Connection((reader, writer), target, self._faults)
        self._connections.add(connection)
        self.accepted += 1
        try:
            with suppress(OSError):
                await connection.run()
        finally:
            self._connections.discard(connection)

    def _cut(self) -> None:
        for connection in self._connections:
            connection.cut()

    def _set_open(self, is_open: bool) -> None:
        for way in (self._faults.requests, self._faults.replies):
            way.open.set() if is_open else way.open.clear()


async def _open(target: Target) -> _Streams:
    if isinstance(target, Path):
        return await asyncio.open_unix_connection(str(target))
    return await asyncio.open_connection(*target)


@contextmanager
def tcp_proxy(target: Target) -> Iterator[TcpProxy]:
    """A proxy that takes connections, and is gone afterwards."""
    with LoopThread("tcp proxy") as thread:
        proxy = TcpProxy(thread, target)
        proxy.accept()
        try:
            yield proxy
        finally:
            proxy.close()
