"""A server for the official protocol suites: our classes, and what the suites expect of an application.

`python -m tests.conformance.server PORT INTERVAL_S TIMEOUT_S CONNECT_WITHIN_S` serves both. Every
message is echoed; an event `message` comes back as `message-back`, one named `message-with-ack` is its own
acknowledgement, and whoever connects is sent `auth` with its credentials. Without `STRICT=1` it also takes
what ours refuse by design: a second namespace, and binary.
"""

import os
import sys
from base64 import b64decode, b64encode
from typing import Any

import msgspec
from aiohttp import web
from socketio import packet as packets

from realtime.engine import socket_io
from realtime.engine.connection import Connection
from realtime.engine.engine_io import EngineServer
from realtime.engine.socket_io import Answer, SocketServer
from realtime.fan_out.batch import Batch
from realtime.fan_out.outlet import Outlet
from realtime.fan_out.outlets import Outlets

MOST_BYTES = 1_000_000
OTHER_NAMESPACE = "/custom"


class Binary(Batch):
    """One binary message."""

    def __init__(self, data: bytes) -> None:
        super().__init__([data])

    @property
    def messages(self) -> bytes:
        data = self.events[0]
        assert len(data) < 126
        return bytes((0x82, len(data))) + data

    @property
    def packets(self) -> list[str]:
        return ["b" + b64encode(self.events[0]).decode()]


class OpenConnection(Connection):
    """Takes binary, too."""

    def binary(self, data: bytes) -> None:
        self._take(lambda _: self.server.on_binary(self, data), "")

    def receive(self, packet: str) -> None:
        if packet.startswith("b"):
            self.server.on_binary(self, b64decode(packet[1:]))
        else:
            super().receive(packet)


class OpenEngine(EngineServer):
    connection_class = OpenConnection

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.on_binary: Any = lambda connection, data: connection.outlet.deliver(Binary(data))


class StrictServer(SocketServer):
    """Ours, but that events may have several arguments and are not named beforehand."""

    def __init__(self, **options: Any) -> None:
        names = frozenset({"message", "message-with-ack"})
        super().__init__(self._echo, Outlets(), allowed_events=names, **options)

    async def _echo(self, outlet: Outlet, name: str, arguments: Any) -> Answer:
        if name == "message":
            outlet.deliver(Batch([msgspec.json.encode(["message-back", *arguments])]))
        return arguments, None

    def _event(self, data: Any) -> tuple[str, Any]:
        name, _ = super()._event(data[:2] if isinstance(data, list) else data)
        return name, data[1:]

    def _acknowledge(self, connection: Connection, id: int, answer: Any) -> None:  # noqa: A002
        self._put(connection, packets.ACK, answer, "/", id)

    async def _open_namespace(self, connection: Connection, packet: packets.Packet) -> None:
        await super()._open_namespace(connection, packet)
        if connection.ready and packet.namespace in {None, "/"}:
            self._put(connection, packets.EVENT, ["auth", packet.data or {}], "/")


class OpenServer(StrictServer):
    """Also with a second namespace, and binary events."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._partial: dict[str, packets.Packet] = {}
        self.eio.on_binary = self._take_attachment

    def _engineio_server_class(self) -> type[EngineServer]:
        return OpenEngine

    async def _open_namespace(self, connection: Connection, packet: packets.Packet) -> None:
        if packet.namespace == OTHER_NAMESPACE:
            connection.ready = True
            self._put(connection, packets.CONNECT, {"sid": connection.sid[::-1]}, OTHER_NAMESPACE)
            self._put(connection, packets.EVENT, ["auth", packet.data or {}], OTHER_NAMESPACE)
        else:
            await super()._open_namespace(connection, packet)

    def _received(self, connection: Connection, data: str) -> None:
        if data.startswith(str(packets.BINARY_EVENT)):
            self._partial[connection.sid] = self._parse(data)
        else:
            super()._received(connection, data)

    def _take_attachment(self, connection: Connection, data: bytes) -> None:
        packet = self._partial[connection.sid]
        if packet.add_attachment(data):
            del self._partial[connection.sid]
            name, *arguments = packet.data
            if name == "message":
                self._put(connection, packets.EVENT, ["message-back", *arguments], "/")
            else:
                self._put(connection, packets.ACK, arguments, "/", packet.id)

    def _put(
        self,
        connection: Connection,
        kind: int,
        data: Any,
        namespace: str | None,
        id: Any = None,  # noqa: A002
    ) -> None:
        encoded = self.packet_class(kind, data=data, namespace=namespace, id=id).encode()
        text, *attachments = encoded if isinstance(encoded, list) else [encoded]
        connection.put(f"4{text}")
        for attachment in attachments:
            connection.outlet.deliver(Binary(attachment))


def application(*, strict: bool, **pings: float) -> web.Application:
    app = web.Application()
    engine = (EngineServer if strict else OpenEngine)(
        async_mode="aiohttp", max_http_buffer_size=MOST_BYTES, **pings
    )
    engine.on_message = lambda connection, data: connection.put(f"4{data}")
    sockets = (StrictServer if strict else OpenServer)(**pings)
    sockets.eio.max_http_buffer_size = MOST_BYTES
    engine.attach(app, "/engine.io/")
    sockets.attach(app)

    async def run(_app: web.Application) -> Any:
        engine.spawn(engine.heartbeat.run(), "heartbeat")
        sockets.eio.spawn(sockets.run(), "sockets")
        yield

    app.cleanup_ctx.append(run)
    return app


if __name__ == "__main__":
    port, interval_s, timeout_s, connect_within_s = sys.argv[1:]
    socket_io.CONNECT_WITHIN_S, socket_io.SWEEP_EVERY_S = float(connect_within_s), 0.2  # type: ignore[misc]
    web.run_app(
        application(
            strict=os.environ.get("STRICT") == "1",
            ping_interval=float(interval_s),
            ping_timeout=float(timeout_s),
        ),
        port=int(port),
    )
