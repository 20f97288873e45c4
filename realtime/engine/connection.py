"""An Engine.IO connection: engineio's socket without its tasks and its queue.

Everything goes out through one `Outlet`, over polling, through the upgrade and over the websocket.
What comes in is handed to the server packet by packet; what no client may send closes the connection.
"""

import time
from collections.abc import Callable
from typing import Any

from aiohttp import WSCloseCode, web
from engineio import packet as packets
from engineio.async_socket import AsyncSocket

from realtime.engine.polling import POLL_PACKETS, BadRequest, Encoded, posted
from realtime.engine.violation import ProtocolViolation
from realtime.engine.websocket import Handshake, WebSocket
from realtime.fan_out.framing import text_message
from realtime.fan_out.outlet import Outlet
from realtime.rates import TokenBucket

_CLOSE, _PONG, _NOOP = str(packets.CLOSE), str(packets.PONG), str(packets.NOOP)
_PROBE, _PROBED, _UPGRADE = "2probe", "3probe", str(packets.UPGRADE)


class Connection(AsyncSocket):
    """The `Listener` of its websocket; the server's `Heartbeat` asks whether it is still there."""

    def __init__(self, server: Any, sid: str) -> None:
        super().__init__(server, sid)
        self.connected: bool
        """Whether it has been greeted."""
        self.upgrading: bool
        """Whether it polls and has a websocket that is not used yet."""
        self.upgraded: bool
        """Whether its websocket is used."""
        self.outlet: Outlet = self.queue
        self.websocket: WebSocket | None = None
        self.opened_at = time.monotonic()
        self.upgrading_since = 0.0
        self.ready = False
        """Whether its namespace is connected."""
        self.namespace = ""
        """That one; a connection has one at a time."""
        self.session_number = 0
        """Of how many namespaces it has taken leave."""
        self.pending = 0
        """Requests of it that are under way."""
        self.unread = 0
        """Packets of Socket.IO that it has sent while it took no answers."""
        self.flood = TokenBucket(self.opened_at)
        self._poll: web.BaseRequest | None = None
        self._posting = False
        self._probed = False
        self._last_words: list[str] = []

    @property
    def open(self) -> bool:
        return not self.closed

    # Out.

    async def send(self, pkt: packets.Packet) -> None:
        self.put(pkt.encode())

    def put(self, packet: str) -> None:
        """Send a packet. Binary ones are never sent."""
        self.outlet.send(packet)

    def ping(self) -> None:
        self.put(str(packets.PING))

    def silent(self) -> None:
        self.server.end(self, self.server.reason.PING_TIMEOUT, abort=True)

    async def close(self, wait: bool = True, abort: bool = False, reason: Any = None) -> None:  # noqa: ARG002
        self.server.end(self, reason or self.server.reason.SERVER_DISCONNECT, abort=abort)

    def shut(self, *, abort: bool, code: int, farewell: bool) -> None:
        """Close what carries it, with what was put before unless it is cut; `farewell` tells a poll so."""
        self.closed = True
        if not self.upgraded:
            rest = [] if abort else self.outlet.take(POLL_PACKETS - 1)
            self._last_words = rest + [_CLOSE] * farewell
        if self.websocket is not None and not abort:
            self.outlet.flush(last=True)
            self.websocket.close(code)
        elif self.websocket is not None:
            self.websocket.abort()
        self.outlet.close()

    # Polling.

    async def answer_poll(self, request: web.BaseRequest) -> list[Encoded]:
        """What waits, or will. Raises `BadRequest` for a second poll, and if the client has gone."""
        if self._poll is not None:
            self._violated("two polls at a time")
            raise BadRequest("One poll at a time.")
        self._poll = request
        try:
            if not self._probed or self.outlet.unsent:
                await self.outlet.arrival()
        finally:
            self._poll = None
        if request.transport is None:
            self.server.end(self, self.server.reason.TRANSPORT_CLOSE, abort=True)
            raise BadRequest("Nobody is there to take the answer.")
        return [Encoded(packet) for packet in self._last_words or self.outlet.take(POLL_PACKETS) or [_NOOP]]

    @property
    def abandoned(self) -> bool:
        """Whether its poll has nobody to answer to."""
        return self._poll is not None and self._poll.transport is None

    async def take_post(self, request: web.BaseRequest) -> None:
        """Raises `BadRequest` for what no client posts; the connection is then closed."""
        if self._posting:
            self._violated("two POSTs at a time")
            raise BadRequest("One POST at a time.")
        self._posting = True
        try:
            self._take_posted(await posted(request, most_bytes=self.server.max_http_buffer_size))
        except BadRequest as error:
            self._violated(str(error))
            raise
        finally:
            self._posting = False

    def _take_posted(self, packets: list[str]) -> None:
        for packet in packets:
            self._take(self.receive, packet)
            if not self.open and packet != _CLOSE:
                raise BadRequest("The packets do not follow the protocol.")

    # The websocket.

    async def open_websocket(self, request: web.BaseRequest) -> Handshake:
        """A second one is closed at once. Raises aiohttp's `HTTPBadRequest` for a handshake that fails."""
        websocket = WebSocket(self)
        handshake = await websocket.take_over(
            request,
            max_bytes=self.server.max_http_buffer_size,
            compression=self.server.websocket_compression,
        )
        self.server.websockets.add(websocket)
        if self.websocket is not None or not self.open:
            websocket.close(WSCloseCode.POLICY_VIOLATION)
            return handshake
        self.websocket = websocket
        if self.connected:
            self.upgrading, self.upgrading_since = True, time.monotonic()
        else:
            self.connected = True
            self._use_websocket()
        websocket.begin()
        return handshake

    def _use_websocket(self) -> None:
        assert self.websocket is not None
        self.upgrading, self.upgraded, self._probed = False, True, False
        descriptor = -1 if self.websocket.encrypted else self.websocket.descriptor
        self.outlet.open_socket(self.websocket.transport, descriptor, deflates=self.websocket.deflates)

    def _probe(self, data: str) -> None:
        """A packet on a websocket that is not used yet: the poll still is."""
        assert self.websocket is not None
        if data == _PROBE and not self._probed:
            self._probed = True
            self.websocket.transport.write(text_message(_PROBED.encode()))
            if self._poll is not None:
                self.put(_NOOP)  # so that the client can change over
        elif data == _UPGRADE and self._probed:
            self._use_websocket()
        else:
            self.stop_upgrade(WSCloseCode.POLICY_VIOLATION)

    def stop_upgrade(self, code: int) -> None:
        """Close the websocket that is not used yet; the client goes on polling."""
        websocket, self.websocket = self.websocket, None
        self.upgrading = self._probed = False
        if websocket is not None:
            websocket.close(code)

    def text(self, data: str) -> None:
        """A packet has come over the websocket."""
        self._take(self._probe if self.upgrading else self.receive, data)

    def binary(self, data: bytes) -> None:  # noqa: ARG002
        """Binary has come over the websocket: no client of ours sends that."""
        self.broken("a binary message", WSCloseCode.UNSUPPORTED_DATA)

    def control(self) -> bool:
        self._take(lambda _: None, "")
        return self.open and not self.outlet.congested

    def broken(self, reason: str, code: int) -> None:
        if self.upgrading:
            self.stop_upgrade(code)
        else:
            self._violated(reason, code)

    def lost(self, websocket: WebSocket) -> None:
        self.server.websockets.discard(websocket)
        if websocket is not self.websocket:
            return
        self.websocket = None
        if self.upgrading:
            self.stop_upgrade(WSCloseCode.OK)
        else:
            self.server.end(self, self.server.reason.TRANSPORT_CLOSE)

    def blocked(self) -> None:
        if self.upgraded and self.open:
            self.outlet.blocked()

    def drained(self) -> None:
        if self.upgraded and self.open:
            self.outlet.drained()

    # In.

    def receive(self, packet: str) -> None:
        """Raises `ProtocolViolation`."""
        if packet.startswith("4"):
            self.server.message(self, packet[1:])
        elif packet == _PONG:
            if not self.server.heartbeat.answered(self):
                raise ProtocolViolation("a pong without a ping")
        elif packet == _CLOSE:
            self.server.end(self, self.server.reason.CLIENT_DISCONNECT)
        else:
            raise ProtocolViolation("a packet that is none of Engine.IO's")

    def _take(self, handle: Callable[[str], None], packet: str) -> None:
        try:
            if self.open:
                self.server.admit(self, len(packet))
                handle(packet)
        except ProtocolViolation as violation:
            self.server.violated(self, violation)

    def _violated(self, reason: str, code: int = WSCloseCode.POLICY_VIOLATION) -> None:
        self.server.violated(self, ProtocolViolation(reason, code=code))
