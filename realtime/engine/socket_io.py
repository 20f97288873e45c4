"""Socket.IO for the events that are allowed: python-socketio's server, with its own dispatch taken out.

Clients have one namespace at a time and may send its events, each with one object. Whatever else arrives
(another event name, among them the reserved ones that would run the server's own handlers; a binary or
broken packet) closes the connection. Answers go out before what follows from them.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import socketio
import structlog
from aiohttp import WSCloseCode
from socketio import packet as packets

from realtime.engine.connection import Connection
from realtime.engine.depth import too_deep
from realtime.engine.engine_io import EngineServer
from realtime.engine.violation import ProtocolViolation
from realtime.errors import TooMany, refusal
from realtime.fan_out.outlet import Outlet
from realtime.fan_out.outlets import Outlets
from realtime.requests import MAX_REQUEST_BYTES

CONNECT_WITHIN_S: Final = 10.0
SWEEP_EVERY_S: Final = 1.0
SWEEP_SLICES: Final = 20
UPGRADE_WITHIN_S: Final = 10.0
MAX_PENDING_REQUESTS: Final = 256
"""Requests of one connection that may be under way; more are refused. A page follows as many jobs."""
MAX_UNREAD_ANSWERS: Final = 320
"""Packets of Socket.IO that a connection may send while it reads nothing: each may have an answer.

A page behind a slow line that comes back asks for all that it followed before it has read what came first.
"""
MAX_DEPTH: Final = 32
"""Arrays and objects in one another."""

Answer = tuple[dict[str, Any], Callable[[], None] | None]
"""The acknowledgement, and what to do once it is on its way."""
Dispatch = Callable[[Outlet, str, Any], Awaitable[Answer]]


class Endpoint(NamedTuple):
    """Who answers the events of a namespace, and which there are.

    `paced`: answers wait while the connection is about to have sent too much, so that a client that waits for
    them never does.
    """

    dispatch: Dispatch
    events: frozenset[str]
    paced: bool = False


_NOTHING_BESIDE: Final[Mapping[str, Endpoint]] = MappingProxyType({})
_ONE_NAMESPACE: Final = (
    "One namespace a connection: connect to this one with a connection of its own (forceNew)."
)

_log = structlog.get_logger("engine")


class SocketServer(socketio.AsyncServer):
    """Socket.IO for `dispatch`, which answers each event of the namespace `/`, and for those `beside` it."""

    def __init__(
        self,
        dispatch: Dispatch,
        outlets: Outlets,
        *,
        allowed_events: frozenset[str],
        beside: Mapping[str, Endpoint] = _NOTHING_BESIDE,
        compression: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(
            async_mode="aiohttp",
            namespaces=["/", *beside],
            max_http_buffer_size=MAX_REQUEST_BYTES,
            http_compression=False,
            logger=False,
            engineio_logger=False,
            **options,
        )
        self.eio: EngineServer
        self.eio.outlets = outlets
        self.eio.websocket_compression = compression
        self.eio.on_message = self._received
        self._endpoints = {"/": Endpoint(dispatch, allowed_events), **beside}

    @property
    def connections(self) -> list[Connection]:
        return list(self.eio.sockets.values())

    async def run(self) -> None:
        """Keep the heartbeat and close who is overdue, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.eio.heartbeat.run(), name="heartbeat")
            tasks.create_task(self._sweep(), name="sweep connections")

    async def shutdown(self) -> None:
        await self.eio.aclose()

    def _engineio_server_class(self) -> type[EngineServer]:
        return EngineServer

    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, Any]) -> None:  # noqa: ARG002
        # engineio's own would be kept as long as the connection, with all headers.
        await super()._handle_eio_connect(eio_sid, {})

    def _received(self, connection: Connection, data: str) -> None:
        # Each in a task of its own, which begin in this order. Raises `ProtocolViolation`.
        packet = self._parse(data)
        self.eio.spawn(self._handle(connection, packet), "request")

    def _parse(self, data: str) -> packets.Packet:
        try:
            packet = self.packet_class(encoded_packet=data)
        except (ValueError, TypeError, IndexError, KeyError, RecursionError) as error:
            raise ProtocolViolation(f"a packet that does not parse ({type(error).__name__})") from error
        if too_deep(packet.data, MAX_DEPTH):
            raise ProtocolViolation(f"a packet that is nested more than {MAX_DEPTH} deep")
        return packet

    async def _handle(self, connection: Connection, packet: packets.Packet) -> None:
        try:
            await self._handle_packet(connection, packet)
        except ProtocolViolation as violation:
            self.eio.violated(connection, violation)

    async def _handle_packet(self, connection: Connection, packet: packets.Packet) -> None:
        connection.unread = connection.unread + 1 if connection.outlet.congested else 0
        if connection.unread > MAX_UNREAD_ANSWERS:
            raise ProtocolViolation(f"more than {MAX_UNREAD_ANSWERS} packets without reading the answers")
        match packet.packet_type:
            case packets.CONNECT:
                await self._open_namespace(connection, packet)
            case packets.DISCONNECT:
                await self._close_namespace(connection, packet)
            case packets.EVENT:
                await self._handle_request(connection, packet)
            case _:
                raise ProtocolViolation(f"a packet of type {packet.packet_type}")

    async def _open_namespace(self, connection: Connection, packet: packets.Packet) -> None:
        if packet.data is not None and not isinstance(packet.data, dict):
            raise ProtocolViolation("credentials that are no object")
        namespace = packet.namespace or "/"
        if namespace not in self._endpoints:
            self._put(connection, packets.CONNECT_ERROR, {"message": "Invalid namespace"}, namespace)
        elif connection.ready and connection.namespace != namespace:
            self._put(connection, packets.CONNECT_ERROR, {"message": _ONE_NAMESPACE}, namespace)
        elif connection.ready:
            raise ProtocolViolation("a namespace that is connected already")
        else:
            connection.namespace = namespace
            await self._handle_connect(connection.sid, namespace, packet.data)
            connection.ready = connection.open

    async def _close_namespace(self, connection: Connection, packet: packets.Packet) -> None:
        namespace = packet.namespace or "/"
        if namespace == connection.namespace and connection.ready:
            connection.ready, connection.opened_at = False, time.monotonic()
            connection.session_number += 1
            connection.outlet.follow_nothing()
            await self._handle_disconnect(connection.sid, namespace, self.reason.CLIENT_DISCONNECT)

    async def _handle_request(self, connection: Connection, packet: packets.Packet) -> None:
        name, payload = self._event(packet.data)
        namespace = packet.namespace or "/"
        if not connection.ready or namespace != connection.namespace:
            raise ProtocolViolation("an event before the namespace is connected")
        endpoint = self._endpoints[namespace]
        if name not in endpoint.events:
            raise ProtocolViolation(f"an event of another name: {name[:60]!r}")
        session = connection.session_number
        answer, after = await self._answer(connection, endpoint, name, payload)
        if not connection.open or connection.session_number != session:
            return
        if packet.id is not None:
            self._acknowledge(connection, packet.id, answer)
        if after is not None:
            after()

    async def _answer(self, connection: Connection, endpoint: Endpoint, name: str, payload: Any) -> Answer:
        if connection.pending >= MAX_PENDING_REQUESTS:
            return refusal(
                TooMany(f"One connection may have {MAX_PENDING_REQUESTS} requests under way.")
            ), None
        connection.pending += 1
        try:
            answer = await endpoint.dispatch(connection.outlet, name, payload)
            if endpoint.paced:
                await asyncio.sleep(self.eio.breather_s(connection))
            return answer
        finally:
            connection.pending -= 1

    def _event(self, data: Any) -> tuple[str, Any]:
        """Name and payload of an event. Raises `ProtocolViolation`."""
        if not isinstance(data, list) or not 1 <= len(data) <= 2 or not isinstance(data[0], str):
            raise ProtocolViolation("an event that is not a name with one object")
        return data[0], data[1] if len(data) == 2 else {}

    def _acknowledge(self, connection: Connection, id: int, answer: Any) -> None:  # noqa: A002
        self._put(connection, packets.ACK, [answer], connection.namespace or "/", id)

    def _put(
        self,
        connection: Connection,
        kind: int,
        data: Any,
        namespace: str | None,
        id: int | None = None,  # noqa: A002
    ) -> None:
        packet = self.packet_class(kind, data=data, namespace=namespace, id=id)
        connection.put(f"4{packet.encode()}")

    async def _sweep(self) -> None:
        """In slices, as looking at thousands in one go would hold up the events."""
        while True:
            connections = self.connections
            size = len(connections) // SWEEP_SLICES + 1
            for part in range(SWEEP_SLICES):
                await asyncio.sleep(SWEEP_EVERY_S / SWEEP_SLICES)
                for connection in connections[part * size : (part + 1) * size]:
                    self._look_at(connection, time.monotonic())

    def _look_at(self, connection: Connection, now: float) -> None:
        """Close it if it never opens the namespace, never reads, or has gone."""
        if not connection.ready and connection.opened_at < now - CONNECT_WITHIN_S:
            self.eio.end(connection, "no_connect")
        elif connection.abandoned:
            self.eio.end(connection, self.reason.TRANSPORT_CLOSE)
        elif connection.outlet.stalled(now):
            jobs = sorted(connection.outlet.followed)
            _log.info("slow_consumer_closed", unsent_bytes=connection.outlet.unsent, jobs=jobs[:3])
            self.eio.end(connection, "slow_consumer", abort=True)
        elif connection.upgrading and connection.upgrading_since < now - UPGRADE_WITHIN_S:
            connection.stop_upgrade(WSCloseCode.POLICY_VIOLATION)


def event_packet(name: str, payload: Any, namespace: str) -> str:
    """An event of the server, as an Engine.IO packet."""
    packet = packets.Packet(packets.EVENT, data=[name, payload], namespace=namespace)
    return f"4{packet.encode()}"
