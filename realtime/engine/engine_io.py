"""Engine.IO for aiohttp: engineio's server, with connections of ours and the specification's manners.

engineio keeps: origins, session ids, payloads, events. Requests are dispatched here, because its own way
keeps sessions that broke the protocol, and answers some of them with 500.
"""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

import engineio
import structlog
from aiohttp import WSCloseCode, web
from engineio import packet as packets

from realtime.engine.connection import Connection
from realtime.engine.heartbeat import Heartbeat
from realtime.engine.polling import BadRequest
from realtime.engine.room import Room
from realtime.engine.violation import ProtocolViolation
from realtime.engine.websocket import WebSocket
from realtime.fan_out.outlet import Outlet
from realtime.fan_out.outlets import Outlets

FLOOD_RATE: Final = 200.0
"""Packets a second that a connection may send in the long run, of any kind; a KiB counts as one more."""
FLOOD_BURST: Final = 2000.0

_log = structlog.get_logger("engine")


class EngineServer(engineio.AsyncServer):
    """`on_message(connection, data)` gets what messages carry; the owner must run `heartbeat`."""

    connection_class = Connection

    def __init__(self, **options: Any) -> None:
        super().__init__(monitor_clients=False, **options)
        self._async: dict[str, Any] = {**self._async, "create_route": _create_route}
        self.outlets = Outlets()
        self.heartbeat = Heartbeat(interval_s=self.ping_interval, timeout_s=self.ping_timeout)
        self.on_message: Callable[[Connection, str], None] = lambda _connection, _data: None
        self.websocket_compression = False
        """Whether clients that offer it get large batches compressed."""
        self.room = Room(sys.maxsize)
        self.refusing = False
        """Whether new connections are sent elsewhere."""
        self.closed: Counter[str] = Counter()
        """Connections that have ended, by reason."""
        self.violations = 0
        self.websockets: set[WebSocket] = set()
        """All whose peer has not gone, also those that were closed."""
        self._tasks: set[asyncio.Task[Any]] = set()
        self._farewells: set[asyncio.Task[Any]] = set()

    def create_queue(self, *_: Any, **__: Any) -> Outlet:
        """engineio makes one for each connection."""
        return Outlet(self.outlets)

    # Requests.

    async def handle_request(self, request: web.Request) -> Any:
        environ = self._async["translate_request"](request)
        self.heartbeat.beat(time.monotonic())  # who is overdue is gone, however late the task is
        try:
            self._check(request, environ)
            answer = await self._answer(request, environ)
        except (BadRequest, ConnectionError) as error:  # nobody sees the answer to the latter
            answer = self._bad_request(str(error))
        return (
            answer if isinstance(answer, web.StreamResponse) else await self._make_response(answer, environ)
        )

    def _check(self, request: web.Request, environ: dict[str, Any]) -> None:
        origin = environ.get("HTTP_ORIGIN")
        allowed = self._cors_allowed_origins(environ)
        if origin is not None and allowed is not None and origin not in allowed:
            raise BadRequest("A page of this origin may not connect.")
        if request.method == "OPTIONS":
            return
        if request.method not in {"GET", "POST"}:
            raise BadRequest("Engine.IO takes GET and POST.")
        if request.query.get("transport") not in self.transports:
            raise BadRequest(f"The query must name a transport: {' or '.join(self.transports)}.")
        if _wants_websocket(request) and request.headers.get("Upgrade", "").lower() != "websocket":
            raise BadRequest("The transport websocket takes a websocket's handshake.")
        if "j" in request.query:
            raise BadRequest("JSONP is not served.")

    async def _answer(self, request: web.Request, environ: dict[str, Any]) -> Any:
        if request.method == "OPTIONS":
            return self._ok()
        if "sid" not in request.query:
            return await self._greet(request, environ)
        connection: Connection | None = self.sockets.get(request.query["sid"])
        if connection is None or not connection.connected:
            raise BadRequest("There is no such session, or it has ended.")
        if request.method == "GET" and _wants_websocket(request):
            return await connection.open_websocket(request)
        if connection.upgraded:
            raise BadRequest("This session has a websocket.")
        if request.method == "GET":
            return self._ok(await connection.answer_poll(request))
        await connection.take_post(request)
        return self._ok()

    async def _greet(self, request: web.Request, environ: dict[str, Any]) -> Any:
        if request.method != "GET" or request.query.getall("EIO", []) != ["4"]:
            raise BadRequest("A session begins with GET, and EIO=4.")
        if self.refusing:
            return _elsewhere("This node is closing.")
        transport = request.transport
        if transport is None or not self.room.for_session(transport, beside=len(self.sockets)):
            return _elsewhere("This node has no room for more connections.")
        return await self._handle_connect(environ, request.query["transport"])

    async def _handle_connect(self, environ: dict[str, Any], transport: str, jsonp_index: Any = None) -> Any:  # noqa: ARG002
        request, sid = environ["aiohttp.request"], self.generate_id()
        connection = self.sockets[sid] = self.connection_class(self, sid)
        try:
            connection.put(packets.Packet(packets.OPEN, self._opening(sid, transport)).encode())
            self.heartbeat.expect(connection)
            await self._trigger_event("connect", sid, environ, run_async=False)
            if transport == "websocket":
                return await connection.open_websocket(request)
            connection.connected = True
            return self._ok(await connection.answer_poll(request))
        except BaseException:
            self.end(connection, self.reason.TRANSPORT_ERROR, abort=True)
            raise

    def _opening(self, sid: str, transport: str) -> dict[str, Any]:
        return {
            "sid": sid,
            "upgrades": self._upgrades(sid, transport),
            "pingTimeout": int(self.ping_timeout * 1000),
            "pingInterval": int(self.ping_interval * 1000),
            "maxPayload": self.max_http_buffer_size,
        }

    def _ok(self, packets: Any = None, headers: Any = None, jsonp_index: Any = None) -> dict[str, Any]:
        answer: dict[str, Any] = super()._ok(packets, headers, jsonp_index)
        return answer if packets is not None else {**answer, "response": b"ok"}

    # What connections say.

    def message(self, connection: Connection, data: str) -> None:
        self.on_message(connection, data)

    def admit(self, connection: Connection, size: int) -> None:
        """Raises `ProtocolViolation` for a packet too many."""
        cost = 1 + size // 1024
        if not connection.flood.take(cost, rate=FLOOD_RATE, burst=FLOOD_BURST, now=time.monotonic()):
            raise ProtocolViolation(f"more than {FLOOD_RATE:g} packets a second")

    def breather_s(self, connection: Connection) -> float:
        """How long to keep `connection` from sending, so that it never sends a packet too many."""
        now = time.monotonic()
        return connection.flood.wait_s(FLOOD_BURST / 2, rate=FLOOD_RATE, burst=FLOOD_BURST, now=now)

    def violated(self, connection: Connection, violation: ProtocolViolation) -> None:
        """Close a connection that does not keep to the protocol."""
        if connection.open:
            self.violations += 1
            _log.info("protocol_violation", reason=str(violation))
            self.end(connection, "protocol_violation", code=violation.code)

    def end(
        self, connection: Connection, reason: str, *, abort: bool = False, code: int = WSCloseCode.OK
    ) -> None:
        """Close `connection`, at once (`abort`) or with what waits for it."""
        if not connection.open:
            return
        self.closed[reason] += 1
        connection.shut(abort=abort, code=code, farewell=reason != self.reason.CLIENT_DISCONNECT)
        self.sockets.pop(connection.sid, None)
        self.heartbeat.forget(connection)
        farewell = self._trigger_event("disconnect", connection.sid, reason, run_async=False)
        self._own(farewell, "disconnect", self._farewells)

    # Tasks.

    def spawn(self, work: Coroutine[Any, Any, Any], name: str) -> None:
        """Run `work` in a task that is owned; it is cancelled when the server closes."""
        self._own(work, name, self._tasks)

    async def aclose(self) -> None:
        """Close all connections, and wait until their peers have gone or were cut off."""
        self.refusing = True
        for connection in list(self.sockets.values()):
            self.end(connection, self.reason.SERVER_DISCONNECT, code=WSCloseCode.GOING_AWAY)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, *self._farewells, return_exceptions=True)
        # An event would have to be set for each that goes, all day, for this once.
        while self.websockets:  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    def _own(self, work: Coroutine[Any, Any, Any], name: str, owner: set[asyncio.Task[Any]]) -> None:
        task = asyncio.create_task(work, name=name)
        owner.add(task)
        task.add_done_callback(owner.discard)
        task.add_done_callback(_report)


def _wants_websocket(request: web.Request) -> bool:
    return request.query.get("transport") == "websocket"


def _elsewhere(reason: str) -> web.Response:
    answer = web.Response(status=503, text=reason, headers={"Retry-After": "1"})
    answer.force_close()  # another connection may find room, where this one's number stays what it is
    return answer


def _report(task: asyncio.Task[Any]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("engine_task_failed", task=task.get_name(), exc_info=error)


def _create_route(app: web.Application, server: EngineServer, endpoint: str) -> None:
    """All methods, as other ones than Engine.IO's are answered with 400 and not 405."""
    handler: Callable[[web.Request], Awaitable[Any]] = server.handle_request
    app.router.add_route("*", endpoint, handler)
