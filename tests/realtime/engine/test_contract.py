"""What we rely on inside aiohttp, python-engineio and python-socketio: a change there fails here, by name."""

import inspect
from collections.abc import Callable
from typing import Any

import engineio
import pytest
import socketio
from aiohttp import WSCloseCode, WSMsgType, web
from aiohttp._websocket.reader import WebSocketDataQueue
from aiohttp.http_websocket import WebSocketError, WebSocketReader, WSMessage
from aiohttp.web_protocol import RequestHandler
from engineio.async_socket import AsyncSocket
from engineio.payload import Payload
from socketio.base_manager import BaseManager

from realtime.engine import websocket as engine
from realtime.engine.connection import Connection
from realtime.engine.engine_io import EngineServer
from realtime.engine.polling import POLL_PACKETS, Encoded
from realtime.engine.socket_io import SocketServer


def parameters(function: Callable[..., Any]) -> list[str]:
    return list(inspect.signature(function).parameters)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (RequestHandler.connection_lost, ["self", "exc"]),
        (web.WebSocketResponse._post_start, ["self", "request", "protocol", "writer"]),
        (web.WebSocketResponse.write_eof, ["self"]),
        (web.WebSocketResponse.prepare, ["self", "request"]),
        (engineio.AsyncServer._handle_connect, ["self", "environ", "transport", "jsonp_index"]),
        (engineio.AsyncServer._make_response, ["self", "response_dict", "environ"]),
        (engineio.AsyncServer._trigger_event, ["self", "event", "args", "kwargs"]),
        (engineio.AsyncServer._ok, ["self", "packets", "headers", "jsonp_index"]),
        (engineio.AsyncServer._bad_request, ["self", "message"]),
        (engineio.AsyncServer._cors_allowed_origins, ["self", "environ"]),
        (engineio.AsyncServer._upgrades, ["self", "sid", "transport"]),
        (engineio.AsyncServer.create_queue, ["self", "args", "kwargs"]),
        (engineio.AsyncServer.generate_id, ["self"]),
        (AsyncSocket.__init__, ["self", "server", "sid"]),
        (AsyncSocket.send, ["self", "pkt"]),
        (AsyncSocket.close, ["self", "wait", "abort", "reason"]),
        (socketio.AsyncServer._handle_eio_connect, ["self", "eio_sid", "environ"]),
        (socketio.AsyncServer._handle_eio_disconnect, ["self", "eio_sid", "reason"]),
        (socketio.AsyncServer._handle_connect, ["self", "eio_sid", "namespace", "data"]),
        (socketio.AsyncServer._handle_disconnect, ["self", "eio_sid", "namespace", "reason"]),
        (socketio.AsyncServer._engineio_server_class, ["self"]),
        (BaseManager.is_connected, ["self", "sid", "namespace"]),
    ],
    ids=lambda value: getattr(value, "__qualname__", ""),
)
def test_a_method_takes_what_it_took(function: Callable[..., Any], expected: list[str]) -> None:
    assert parameters(function) == expected


def test_aiohttps_request_handler_keeps_what_came_with_an_upgrade() -> None:
    assert "_message_tail" in RequestHandler.__slots__
    assert "_current_request" in RequestHandler.__slots__


def test_aiohttps_reader_is_made_as_it_was_and_tells_its_queue() -> None:
    """In C its signature cannot be asked for."""
    told: list[tuple[str, object]] = []

    class Queue(WebSocketDataQueue):
        def feed_data(self, data: Any, size: int) -> None:
            told.append(("data", data))

        def set_exception(self, exc: BaseException, exc_cause: Any = None) -> None:
            told.append(("exception", exc))

    reader = WebSocketReader(Queue(None, 1 << 16, loop=None), 10, compress=False, decode_text=True)  # type: ignore[arg-type]
    reader.feed_data(b"\x81\x02hi\x89\x00\x88\x00\x82\x01x")
    reader.feed_data(b"\x81\x0b")
    messages = [data for kind, data in told if kind == "data"]
    assert messages == [
        WSMessage(WSMsgType.TEXT, "hi", ""),
        WSMessage(WSMsgType.PING, b"", ""),
        WSMessage(WSMsgType.CLOSE, 0, ""),
        WSMessage(WSMsgType.BINARY, b"x", ""),
    ]
    (error,) = [value for kind, value in told if kind == "exception"]
    assert isinstance(error, WebSocketError)
    assert error.code == WSCloseCode.MESSAGE_TOO_BIG


def test_the_message_of_an_exception_in_ours_reaches_the_queue() -> None:
    told: list[BaseException] = []

    class Queue(WebSocketDataQueue):
        def feed_data(self, data: Any, size: int) -> None:
            raise LookupError("ours")

        def set_exception(self, exc: BaseException, exc_cause: Any = None) -> None:
            told.append(exc)

    reader = WebSocketReader(Queue(None, 1 << 16, loop=None), 10, compress=False, decode_text=True)  # type: ignore[arg-type]
    reader.feed_data(b"\x81\x02hi")
    assert [str(error) for error in told] == ["ours"]


def test_engineio_has_the_attributes_that_are_read() -> None:
    server = EngineServer(async_mode="aiohttp")
    environment_of, answer_of = server._async["translate_request"], server._async["make_response"]
    assert parameters(environment_of) == ["request"]
    assert parameters(answer_of) == ["status", "headers", "payload", "environ"]
    assert server.transports == ["polling", "websocket"]
    assert (server.sockets, server.ping_interval, server.ping_timeout) == ({}, 25, 20)
    assert server.max_http_buffer_size == 1_000_000
    reasons = server.reason
    assert reasons.CLIENT_DISCONNECT == "client disconnect"
    assert reasons.SERVER_DISCONNECT == "server disconnect"
    assert reasons.PING_TIMEOUT == "ping timeout"
    assert reasons.TRANSPORT_CLOSE == "transport close"
    assert reasons.TRANSPORT_ERROR == "transport error"


def test_an_engineio_socket_makes_its_queue_by_its_server_and_has_its_states() -> None:
    server = EngineServer(async_mode="aiohttp")
    connection = Connection(server, "sid")
    assert connection.queue is connection.outlet
    states = (connection.connected, connection.upgrading, connection.upgraded, connection.closed)
    assert states == (False, False, False, False)


def test_engineios_payload_joins_what_we_have_encoded() -> None:
    assert Payload(packets=[Encoded("4a"), Encoded("2")]).encode() == "4a\x1e2"
    assert Payload.max_decode_packets == POLL_PACKETS  # of python-engineio's client


async def test_socketio_dispatches_to_the_server_of_ours() -> None:
    async def dispatch(*_: Any) -> Any: ...

    server = SocketServer(dispatch, EngineServer(async_mode="aiohttp").outlets, allowed_events=frozenset())
    assert type(server.eio) is EngineServer
    assert set(server.eio.handlers) == {"connect", "message", "disconnect"}
    assert server.handlers == {}
    assert server.namespaces == ["/"]
    await server._handle_eio_connect("sid", {"HTTP_COOKIE": "a secret"})
    assert server.environ == {"sid": {}}


def test_a_socketio_packet_is_parsed_as_it_was() -> None:
    packet = socketio.packet.Packet(encoded_packet='2/ns,12["name",{"a":1}]')
    assert (packet.packet_type, packet.namespace, packet.id, packet.data) == (
        2,
        "/ns",
        12,
        ["name", {"a": 1}],
    )
    ack = socketio.packet.Packet(socketio.packet.ACK, data=[{"a": 1}], namespace="/", id=12)
    assert ack.encode() == '312[{"a":1}]'


def test_the_kernel_can_be_told_how_much_may_lie_unsent() -> None:
    assert engine.KERNEL_UNSENT_BYTES == 64 * 1024
