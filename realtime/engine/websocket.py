"""A websocket after its handshake, taken over from aiohttp: no task, no queue, a protocol on the transport.

aiohttp does the handshake and parses the frames; its request handler, with its task and its parser for
HTTP, is let go of. This module and `engine_io` hold all that depends on aiohttp's internals.
"""

import asyncio
import socket as sockets
import zlib
from typing import Any, Final, Protocol

import structlog
from aiohttp import WSCloseCode, WSMsgType, web
from aiohttp.http_websocket import WebSocketError as FrameError
from aiohttp.http_websocket import WebSocketReader, WSMessage

try:
    from aiohttp._websocket.reader import WebSocketDataQueue
except ImportError as error:  # pragma: no cover
    raise ImportError(
        "This aiohttp keeps its websocket reader elsewhere: see realtime.engine.websocket."
    ) from error

CLOSE_WITHIN_S: Final = 2.0
"""A peer that has not read the rest and closed by then is cut off."""
KERNEL_UNSENT_BYTES: Final = 64 * 1024
"""As much may lie unsent in the kernel for a connection (where it can be told so)."""
EXTENSIONS: Final = "Sec-WebSocket-Extensions"
_CLOSE: Final = 0x88
_PONG: Final = 0x8A

_log = structlog.get_logger("engine")


class Listener(Protocol):
    """Who is told what a websocket hears."""

    def text(self, data: str) -> None: ...
    def binary(self, data: bytes) -> None: ...
    def control(self) -> bool:
        """A websocket ping or pong has come; whether to answer it."""

    def broken(self, reason: str, code: int) -> None:
        """What came is no websocket frame, is too large, or is not text: this websocket ends."""

    def lost(self, websocket: "WebSocket") -> None:
        """The peer is gone, or going. Told once."""

    def blocked(self) -> None:
        """The transport holds what the peer has not taken."""

    def drained(self) -> None:
        """It holds nothing any more."""


class Handshake(web.WebSocketResponse):
    """aiohttp's answer to an upgrade, without what it would make to read and write by itself.

    `deflates`: compression was agreed on, and the server need not forget between two messages.
    """

    deflates = False

    def _handshake(self, request: web.BaseRequest) -> Any:
        headers, protocol, bits, forgets = super()._handshake(request)
        self.deflates = bits == zlib.MAX_WBITS and not forgets
        if self.deflates:
            headers[EXTENSIONS] = "permessage-deflate; client_no_context_takeover"
        else:
            headers.pop(EXTENSIONS, None)
        return headers, protocol, bits if self.deflates else 0, forgets

    def _post_start(self, *_: Any) -> None:
        pass

    async def write_eof(self, *_: Any) -> None:
        pass


class Inbox(WebSocketDataQueue):
    """Hands each message on at once, where aiohttp's would keep it for a task."""

    def __init__(self, websocket: "WebSocket") -> None:
        super().__init__(None, 1 << 16, loop=asyncio.get_running_loop())  # type: ignore[arg-type]
        self._websocket = websocket

    def feed_data(self, data: Any, size: int) -> None:  # noqa: ARG002
        self._websocket.message(data)

    def set_exception(self, exc: BaseException, exc_cause: Any = None) -> None:  # noqa: ARG002
        self._websocket.broken(exc)

    def feed_eof(self) -> None:
        pass


class WebSocket(asyncio.Protocol):
    """Writes go to `transport`; `listener` hears everything else, from `begin` on."""

    __slots__ = ("_cut", "_early", "_parser", "_told", "closing", "deflates", "listener", "transport")

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.transport: asyncio.Transport
        self.deflates = False
        self.closing = False
        """Whether the goodbye of either side has been said: nothing is heard any more."""
        self._told = False
        self._early = b""
        self._cut: asyncio.TimerHandle | None = None
        self._parser: WebSocketReader | None = None

    async def take_over(
        self, request: web.BaseRequest, *, max_bytes: int, compression: bool = False
    ) -> Handshake:
        """Answer the upgrade in `request`; its handler must then return what this returns.

        Raises aiohttp's `HTTPBadRequest` for what is no upgrade.
        """
        handshake = Handshake(compress=compression)
        await handshake.prepare(request)
        self.deflates = handshake.deflates
        handler, transport = request.protocol, request.transport
        if transport is None:
            raise ConnectionResetError("the connection was lost during the handshake")
        self.transport = transport
        self._parser = WebSocketReader(Inbox(self), max_bytes, compress=self.deflates, decode_text=True)
        # For the handler the connection ends here; it must not close the transport.
        self._early, handler._message_tail = handler._message_tail, b""  # noqa: SLF001
        handler.transport = None
        handler.connection_lost(None)
        transport.set_write_buffer_limits(high=0)
        transport.set_protocol(self)
        _limit_kernel(transport)
        if not transport.is_reading():
            transport.resume_reading()
        return handshake

    def begin(self) -> None:
        """Hear what came with the upgrade. To be called in the tick in which `take_over` returned."""
        early, self._early = self._early, b""
        if early:
            self.data_received(early)

    @property
    def descriptor(self) -> int:
        return int(self.transport.get_extra_info("socket").fileno())

    @property
    def encrypted(self) -> bool:
        """Whether the descriptor carries something else than what is written to the transport."""
        return self.transport.get_extra_info("sslcontext") is not None

    def close(self, code: int = WSCloseCode.OK) -> None:
        """Say goodbye; who does not answer in time is cut off."""
        if not self.closing:
            self.closing = True
            self.transport.write(bytes((_CLOSE, 2)) + int(code).to_bytes(2, "big"))
            # The peer closes when it has seen that; closing first could cost it what it has not read yet.
            self._cut_later()

    def abort(self) -> None:
        self.closing = True
        self.transport.abort()

    def message(self, message: WSMessage) -> None:
        """A message, or a control frame."""
        match message.type:
            case WSMsgType.CLOSE:
                self._hear_goodbye()
            case _ if self.closing:
                pass
            case WSMsgType.TEXT:
                self.listener.text(message.data)
            case WSMsgType.BINARY:
                self.listener.binary(message.data)
            case WSMsgType.PING | WSMsgType.PONG:
                if self.listener.control() and message.type is WSMsgType.PING and not self.closing:
                    self.transport.write(bytes((_PONG, len(message.data))) + message.data)

    def broken(self, error: BaseException) -> None:
        """The parser has given up, or somebody who was told a message has failed."""
        if self.closing:
            return
        reason, code = f"a frame that is refused ({error})", WSCloseCode.INTERNAL_ERROR
        if isinstance(error, FrameError):
            code = WSCloseCode(error.code)
        elif isinstance(error, zlib.error):
            code = WSCloseCode.INVALID_TEXT
        else:
            _log.error("websocket_message_failed", exc_info=error)
        self.listener.broken(reason, code)
        self.close(code)
        if self.transport.can_write_eof():
            self.transport.write_eof()  # an answer to the goodbye could not be read any more

    def _hear_goodbye(self) -> None:
        if not self.closing:
            self.transport.write(bytes((_CLOSE, 0)))
        self._leave()

    def _leave(self) -> None:
        """The server closes first; what the peer does not take by then is cut off."""
        self.closing = True
        self.transport.close()
        self._cut_later()
        self._tell()

    def _cut_later(self) -> None:
        if self._cut is None:
            loop = asyncio.get_running_loop()
            self._cut = loop.call_later(CLOSE_WITHIN_S, self.transport.abort)

    def _tell(self) -> None:
        if not self._told:
            self._told = True
            self.listener.lost(self)

    # asyncio's calls.

    def data_received(self, data: bytes) -> None:
        if self._parser is not None:
            self._parser.feed_data(data)

    def eof_received(self) -> bool:
        self._leave()
        return False

    def connection_lost(self, exc: BaseException | None) -> None:  # noqa: ARG002
        self.closing = True
        self._parser = None  # which holds this websocket
        if self._cut is not None:
            self._cut.cancel()
        self._tell()

    def pause_writing(self) -> None:
        self.listener.blocked()

    def resume_writing(self) -> None:
        self.listener.drained()


def _limit_kernel(transport: asyncio.Transport) -> None:
    """A slow reader's backlog stays with us, where it is merged, and not in the kernel, where it is stale."""
    option = getattr(sockets, "TCP_NOTSENT_LOWAT", None)
    connection = transport.get_extra_info("socket")
    if option is not None and connection.family in {sockets.AF_INET, sockets.AF_INET6}:
        connection.setsockopt(sockets.IPPROTO_TCP, option, KERNEL_UNSENT_BYTES)
