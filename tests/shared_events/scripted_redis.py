"""A Redis that takes connections and says what a test writes: for what a real one does not say."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class ScriptedRedis:
    """`heard` is all that its one client has sent."""

    def __init__(self) -> None:
        self.port = 0
        self.heard = b""
        self._writer: asyncio.StreamWriter | None = None

    def say(self, data: bytes) -> None:
        assert self._writer is not None
        self._writer.write(data)

    def hang_up(self) -> None:
        assert self._writer is not None
        self._writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        try:
            while data := await reader.read(65536):
                self.heard += data
        except ConnectionError:
            pass  # the client's right
        finally:
            writer.transport.abort()


@asynccontextmanager
async def scripted_redis(tls: ssl.SSLContext | None = None) -> AsyncIterator[ScriptedRedis]:
    script = ScriptedRedis()
    server = await asyncio.start_server(script.serve, "127.0.0.1", 0, ssl=tls)
    script.port = server.sockets[0].getsockname()[1]
    async with server:
        yield script
