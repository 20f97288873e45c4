"""Clients of an Engine.IO server for tests, in raw packets and in raw bytes, and small servers for them."""

import asyncio
import json
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientResponse, ClientSession, ClientWebSocketResponse, TCPConnector, WSMsgType, web
from yarl import URL

from realtime.engine.engine_io import EngineServer
from realtime.engine.socket_io import Answer, Endpoint, SocketServer
from realtime.fan_out.outlet import Outlet
from realtime.fan_out.outlets import Outlets

SEPARATOR = "\x1e"
CLOSE, PING, PONG = 8, 9, 10
TEXT, BINARY, CONTINUATION = 1, 2, 0


class Wire:
    """An Engine.IO websocket, packet by packet."""

    def __init__(self, websocket: ClientWebSocketResponse) -> None:
        self._websocket = websocket

    @property
    def close_code(self) -> int | None:
        return self._websocket.close_code

    async def send(self, *packets: str | bytes) -> None:
        for packet in packets:
            if isinstance(packet, bytes):
                await self._websocket.send_bytes(packet)
            else:
                await self._websocket.send_str(packet)

    async def receive(self) -> str | None:
        """The next packet; None when the server has closed the connection."""
        message = await asyncio.wait_for(self._websocket.receive(), 30)
        return message.data if message.type is WSMsgType.TEXT else None

    async def closes(self) -> bool:
        while await self.receive() is not None:
            pass
        return True

    async def ask(self, name: str, payload: Any) -> dict[str, Any]:
        await self.send("421" + json.dumps([name, payload]))
        answer = await self.receive()
        assert answer is not None
        assert answer.startswith("431")
        return dict(json.loads(answer[3:])[0])


class Polling:
    """An Engine.IO session over HTTP, answer by answer."""

    def __init__(self, session: ClientSession, url: str) -> None:
        self._session = session
        self._url = f"{url}?EIO=4&transport=polling"
        self.opening: dict[str, Any] = {}

    @property
    def url(self) -> URL:
        sid = f"&sid={self.opening['sid']}" if self.opening else ""
        return URL(self._url + sid)

    async def open(self) -> "Polling":
        status, packets = await self.poll()
        assert status == 200
        self.opening = json.loads(packets[1:])
        return self

    async def poll(self) -> tuple[int, str]:
        async with self._session.get(self.url) as response:
            return response.status, await response.text()

    async def packets(self) -> list[str]:
        status, packets = await self.poll()
        assert status == 200, packets
        return packets.split(SEPARATOR)

    async def post(self, body: Any, **options: Any) -> tuple[int, str]:
        async with self._session.post(self.url, data=body, **options) as response:
            return response.status, await response.text()

    async def ended(self) -> bool:
        return (await self.poll())[0] == 400

    @asynccontextmanager
    async def websocket(self) -> AsyncIterator[Wire]:
        """A second transport for this session."""
        url = self.url.update_query(transport="websocket")
        async with self._session.ws_connect(url, autoping=False) as websocket:
            yield Wire(websocket)


class RawWebSocket:
    """A websocket as bytes, for what no library would send."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, opcode: int, payload: bytes = b"", *, flags: int = 0x80, masked: bool = True) -> None:
        self.writer.write(frame(opcode, payload, flags=flags, masked=masked))

    async def receive(self) -> tuple[int, bytes] | None:
        """Opcode and payload of the next frame; None at the end of the connection."""
        try:
            first, length = await asyncio.wait_for(self.reader.readexactly(2), 30)
            if length > 125:
                length = int.from_bytes(await self.reader.readexactly({126: 2, 127: 8}[length]), "big")
            return first & 15, await self.reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionResetError):
            return None

    async def closes(self) -> int | None:
        """The code of the server's goodbye, once the connection has ended; None without a goodbye."""
        code = None
        while (message := await self.receive()) is not None:
            if message[0] == CLOSE:
                code = int.from_bytes(message[1][:2], "big")
                self.send(CLOSE, message[1])
        return code


def frame(opcode: int, payload: bytes, *, flags: int = 0x80, masked: bool = True) -> bytes:
    """A websocket frame; `flags` are its FIN bit and the reserved ones."""
    size = len(payload)
    head = bytes(
        (flags | opcode, (0x80 if masked else 0) | (size if size < 126 else 126 if size < 65536 else 127))
    )
    if size >= 126:
        head += size.to_bytes(2 if size < 65536 else 8, "big")
    if not masked:
        return head + payload
    mask = os.urandom(4)
    return head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))


def upgrade_request(url: URL) -> str:
    lines = [
        f"GET {url.path_qs} HTTP/1.1",
        f"Host: {url.host}:{url.port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
    ]
    return "\r\n".join([*lines, "", ""])


@asynccontextmanager
async def raw_websocket(
    url: str, early: bytes = b"", tls: ssl.SSLContext | None = None
) -> AsyncIterator[RawWebSocket]:
    """A websocket whose handshake is done; `early` goes out in one piece with it."""
    address = URL(url)
    reader, writer = await asyncio.open_connection(address.host, address.port, ssl=tls)
    writer.write(upgrade_request(address).encode() + early)
    answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)
    assert answer.startswith(b"HTTP/1.1 101"), answer
    try:
        yield RawWebSocket(reader, writer)
    finally:
        writer.transport.abort()


class Served:
    """A server under test: `url` is that of its Engine.IO endpoint."""

    def __init__(self, eio: EngineServer, url: str, session: ClientSession) -> None:
        self.eio = eio
        self.url = url
        self.session = session
        self.gate = asyncio.Event()
        """What requests that wait are waiting for."""
        self.followed: list[Any] = []
        """The payloads of requests whose answer has gone out."""
        self.sockets: Any = None
        """The Socket.IO server, if there is one."""

    @property
    def websocket_url(self) -> str:
        return f"{self.url}?EIO=4&transport=websocket"

    async def polling(self) -> Polling:
        return await Polling(self.session, self.url).open()

    @asynccontextmanager
    async def wire(self) -> AsyncIterator[Wire]:
        async with self.session.ws_connect(self.websocket_url, autoping=False) as websocket:
            wire = Wire(websocket)
            assert (await wire.receive() or "").startswith("0{")
            yield wire

    @asynccontextmanager
    async def raw(self, early: bytes = b"", tls: ssl.SSLContext | None = None) -> AsyncIterator[RawWebSocket]:
        async with raw_websocket(self.websocket_url, early, tls) as websocket:
            assert ((await websocket.receive()) or (0, b""))[1].startswith(b"0{")
            yield websocket

    async def get(self, query: str, method: str = "GET", **options: Any) -> tuple[int, ClientResponse, str]:
        async with self.session.request(method, f"{self.url}?{query}", **options) as response:
            return response.status, response, await response.text()


@asynccontextmanager
async def serving_app(
    app: web.Application, eio: EngineServer, path: str, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Served]:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    port = runner.addresses[0][1]
    # Connections that a client keeps open between requests would look as if they were left behind.
    async with ClientSession(connector=TCPConnector(force_close=True)) as session:
        try:
            yield Served(eio, f"http{'s' if tls else ''}://127.0.0.1:{port}{path}", session)
        finally:
            await eio.aclose()
            await runner.cleanup()


@asynccontextmanager
async def echoing(tls: ssl.SSLContext | None = None, **options: Any) -> AsyncIterator[Served]:
    """An Engine.IO server that sends every message back."""
    options = {"ping_interval": 25, "ping_timeout": 20, "max_http_buffer_size": 65536, **options}
    eio = EngineServer(async_mode="aiohttp", **options)
    eio.on_message = lambda connection, data: connection.put(f"4{data}")
    app = web.Application()
    eio.attach(app, "/engine.io/")
    eio.spawn(eio.heartbeat.run(), "heartbeat")
    async with serving_app(app, eio, "/engine.io/", tls) as served:
        yield served


@asynccontextmanager
async def answering(**options: Any) -> AsyncIterator[Served]:
    """A Socket.IO server whose event `ask` answers with its payload, at `gate` if that is `{"wait": 1}`.

    Beside it there is `/agents`, whose event `tell` answers at once.
    """

    async def dispatch(_outlet: Outlet, _name: str, payload: Any) -> Answer:
        if payload == {"wait": 1}:
            await served.gate.wait()
        return payload, lambda: served.followed.append(payload)

    async def tell(_outlet: Outlet, _name: str, payload: Any) -> Answer:
        return {"told": payload}, None

    beside = {"/agents": Endpoint(tell, frozenset({"tell"}), paced=True)}
    sockets = SocketServer(dispatch, Outlets(), allowed_events=frozenset({"ask"}), beside=beside, **options)
    app = web.Application()
    sockets.attach(app)
    sockets.eio.spawn(sockets.run(), "sockets")
    async with serving_app(app, sockets.eio, "/socket.io/") as served:
        served.sockets = sockets
        yield served
