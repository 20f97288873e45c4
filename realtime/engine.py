"""All contact with the internals of python-socketio and python-engineio, guarded by contract tests.

Clients may send the events that are allowed, each with one object. Whatever else arrives (another event
name, among them the reserved ones that would run the server's own handlers; a binary or broken packet)
closes the connection. Answers go out before what follows from them.
"""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast

import engineio
import socketio
import structlog
from engineio.async_drivers import aiohttp as driver
from socketio import packet as packets

from realtime.errors import TooMany, refusal
from realtime.outlet import CountedQueue, Outlet
from realtime.requests import MAX_REQUEST_BYTES

CONNECT_WITHIN_S: Final = 10.0
MAX_PENDING_REQUESTS: Final = 32
"""Requests of one connection that may be under way at a time; more are refused."""
MAX_UNREAD_ANSWERS: Final = 64
"""Requests that a connection may make while it reads nothing."""

Answer = tuple[dict[str, Any], Callable[[], None] | None]
"""The acknowledgement, and what to do once it is on its way."""
Dispatch = Callable[[Outlet, str, Any], Awaitable[Answer]]

_log = structlog.get_logger("engine")


_CLIENT_PACKET: Final = re.compile(r"1$|3|4|5$|2probe$")
"""What an Engine.IO client may send: close, pong, message, upgrade, and the probe before it."""


class ProtocolViolation(Exception):
    """A packet that no honest client sends."""


class WebSocket(driver.WebSocket):
    """Knows its transport, so that a dead connection can be cut, and never compresses."""

    async def __call__(self, environ: dict[str, Any]) -> Any:
        request = environ["aiohttp.request"]
        socket = self.handler.__self__
        socket.transport = request.transport
        socket.queue.batch = None
        self._sock = driver.WebSocketResponse(max_msg_size=self.server.max_http_buffer_size, compress=False)
        await self._sock.prepare(request)
        self.environ = environ
        await self.handler(self)
        return self._sock

    async def wait(self) -> Any:
        """The next packet. Raises `OSError`, which ends the connection, for one that no client sends."""
        data = await super().wait()
        if isinstance(data, str) and not _CLIENT_PACKET.match(data):
            raise OSError("a packet that is none of Engine.IO's")
        return data


class EngineServer(engineio.AsyncServer):
    """engineio with counted queues and our websocket."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._async: dict[str, Any] = {**self._async, "websocket": WebSocket}

    def create_queue(self, *args: Any, **kwargs: Any) -> CountedQueue:
        return CountedQueue(*args, **kwargs)


class SocketServer(socketio.AsyncServer):
    """Socket.IO for `dispatch`, which answers each event of the namespace `/`."""

    def __init__(self, dispatch: Dispatch, *, allowed_events: frozenset[str], **options: Any) -> None:
        super().__init__(
            async_mode="aiohttp",
            namespaces=["/"],
            max_http_buffer_size=MAX_REQUEST_BYTES,
            http_compression=False,
            logger=False,
            engineio_logger=False,
            **options,
        )
        self._dispatch = dispatch
        self._allowed = allowed_events
        self._outlets: dict[str, Outlet] = {}
        self._opened: dict[str, float] = {}
        self._pending: Counter[str] = Counter()
        self._unread: Counter[str] = Counter()
        self.on_gone: Callable[[Outlet], None] = lambda _: None
        self.violations = 0

    @property
    def connections(self) -> int:
        return len(self._outlets)

    def _engineio_server_class(self) -> type[EngineServer]:
        return EngineServer

    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, Any]) -> None:
        self._opened[eio_sid] = time.monotonic()
        await super()._handle_eio_connect(eio_sid, environ)

    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        self._forget(eio_sid)
        await super()._handle_eio_disconnect(eio_sid, reason)

    async def _handle_eio_message(self, eio_sid: str, data: Any) -> None:
        try:
            await self._handle_packet(eio_sid, self._parse(data))
        except ProtocolViolation as violation:
            self.violations += 1
            _log.info("protocol_violation", reason=str(violation))
            self._cut(eio_sid)

    def _parse(self, data: Any) -> packets.Packet:
        if not isinstance(data, str):
            raise ProtocolViolation("a binary packet")
        try:
            return self.packet_class(encoded_packet=data)
        except (ValueError, TypeError, IndexError, KeyError, RecursionError) as error:
            raise ProtocolViolation(f"a packet that does not parse ({type(error).__name__})") from error

    async def _handle_packet(self, eio_sid: str, packet: packets.Packet) -> None:
        match packet.packet_type:
            case packets.CONNECT:
                await self._handle_connect(eio_sid, packet.namespace, packet.data)
                self._welcome(eio_sid)
            case packets.DISCONNECT:
                await self._handle_disconnect(eio_sid, packet.namespace, self.reason.CLIENT_DISCONNECT)
            case packets.EVENT:
                await self._handle_request(eio_sid, packet)
            case _:
                raise ProtocolViolation(f"a packet of type {packet.packet_type}")

    async def _handle_request(self, eio_sid: str, packet: packets.Packet) -> None:
        name, payload = _event(packet.data)
        outlet = self._outlets.get(eio_sid)
        if name not in self._allowed:
            raise ProtocolViolation(f"an event of another name: {name[:60]!r}")
        if outlet is None or packet.namespace not in {None, "/"}:
            raise ProtocolViolation("an event before the namespace is connected")
        answer, after = await self._answer(eio_sid, outlet, name, payload)
        try:
            if packet.id is not None:
                acknowledgement = self.packet_class(packets.ACK, namespace="/", id=packet.id, data=[answer])
                await self._send_packet(eio_sid, acknowledgement)
        finally:
            if after is not None:
                after()

    async def _answer(self, eio_sid: str, outlet: Outlet, name: str, payload: Any) -> Answer:
        self._unread[eio_sid] = self._unread[eio_sid] + 1 if outlet.congested else 0
        if self._unread[eio_sid] > MAX_UNREAD_ANSWERS:
            raise ProtocolViolation(f"more than {MAX_UNREAD_ANSWERS} requests without reading the answers")
        if self._pending[eio_sid] >= MAX_PENDING_REQUESTS:
            return refusal(
                TooMany(f"One connection may have {MAX_PENDING_REQUESTS} requests under way.")
            ), None
        self._pending[eio_sid] += 1
        try:
            return await self._dispatch(outlet, name, payload)
        finally:
            self._pending[eio_sid] -= 1

    def _welcome(self, eio_sid: str) -> None:
        connected = self.manager.sid_from_eio_sid(eio_sid, "/")
        socket = self.eio.sockets.get(eio_sid)
        if connected and socket is not None and eio_sid not in self._outlets:
            self._outlets[eio_sid] = Outlet(
                socket.queue, in_flight=lambda: _in_flight(socket), close=lambda: self._cut(eio_sid)
            )

    async def _handle_disconnect(self, eio_sid: str, namespace: str | None, reason: Any = None) -> None:
        if namespace in {None, "/"}:
            self._drop_outlet(eio_sid)
        await super()._handle_disconnect(eio_sid, namespace, reason)

    def _drop_outlet(self, eio_sid: str) -> None:
        outlet = self._outlets.pop(eio_sid, None)
        if outlet is not None:
            outlet.closed = True
            self.on_gone(outlet)

    def _forget(self, eio_sid: str) -> None:
        self._drop_outlet(eio_sid)
        self._opened.pop(eio_sid, None)
        self._pending.pop(eio_sid, None)
        self._unread.pop(eio_sid, None)

    def _cut(self, eio_sid: str) -> None:
        """Close the connection without waiting for a peer that may not read."""
        socket = self.eio.sockets.get(eio_sid)
        if socket is None:
            return
        transport = cast("asyncio.Transport | None", getattr(socket, "transport", None))
        closing = socket.close(wait=False, abort=True, reason=self.reason.SERVER_DISCONNECT)
        self.start_background_task(lambda: closing)
        if transport is not None:
            asyncio.get_running_loop().call_later(0.1, transport.abort)

    async def sweep(self) -> None:
        """Close connections that never open the namespace, or never read; to be run as an owned task."""
        while True:
            await asyncio.sleep(1)
            overdue = time.monotonic() - CONNECT_WITHIN_S
            for eio_sid, opened in list(self._opened.items()):
                if opened < overdue and eio_sid not in self._outlets:
                    self._cut(eio_sid)
            for outlet in list(self._outlets.values()):
                if outlet.stalled():
                    _log.info("slow_consumer_closed")
                    outlet.close()


def _in_flight(socket: Any) -> int:
    """Bytes that the transport holds because the peer does not take them."""
    transport = getattr(socket, "transport", None)
    return 0 if transport is None else int(transport.get_write_buffer_size())


def _event(data: Any) -> tuple[str, Any]:
    """Name and payload of an event. Raises `ProtocolViolation`."""
    if not isinstance(data, list) or not 1 <= len(data) <= 2 or not isinstance(data[0], str):
        raise ProtocolViolation("an event that is not a name with one object")
    return data[0], data[1] if len(data) == 2 else {}
