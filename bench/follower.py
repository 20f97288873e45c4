"""One follower of a job: a Socket.IO client on a bare websocket that counts and checks what it gets."""

import asyncio
from collections.abc import Callable
from typing import Final, cast

from bench.payload import EVENT, clock_us, first_sequence_of, published_us, sequence_of
from bench.websocket import CLOSE, client_frame, split_frames, upgrade_request

PATH: Final = "/socket.io/?EIO=4&transport=websocket"
_UPGRADED: Final = b"HTTP/1.1 101 "
_OPEN: Final = b"0"
_PING: Final = b"2"
_PONG: Final = client_frame(b"3")
_CONNECT: Final = b"40"
_ACK: Final = b"430"
_ANY_EVENT: Final = b"42["
_SNAPSHOT: Final = b'42["job:snapshot",'


class Follower(asyncio.Protocol):
    """`subscribed` is done when the server has acknowledged; `on_complete` is called with the last chunk.

    `chunks`: the sequences of all chunks that will come.
    """

    def __init__(self, job: str, chunks: range, *, timed: bool, on_complete: Callable[[], None]) -> None:
        self._job = job
        self._chunks = chunks
        self._timed = timed
        self._on_complete = on_complete
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self._upgraded = False
        self._position = 0
        self.subscribed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.delivered = 0
        self.frames = 0
        self.skipped = 0
        self.disordered = 0
        self.lost = False
        self.latencies_us: list[int] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        host, port = transport.get_extra_info("peername")[:2]
        self._transport.write(upgrade_request(f"{host}:{port}", PATH))

    def connection_lost(self, _error: Exception | None) -> None:
        self.lost = True
        if not self.subscribed.done():
            said = self._rest[:200]
            self.subscribed.set_exception(ConnectionError(f"closed before the subscription: {said!r}"))

    def data_received(self, data: bytes) -> None:
        self._rest += data
        if not self._upgraded and not self._upgrade():
            return
        frames, self._rest = split_frames(self._rest)
        for frame in frames:
            if frame.payload.startswith(EVENT):
                self._receive_chunk(frame.payload)
            elif frame.opcode == CLOSE:
                self._close()
            else:
                self._receive(frame.payload)

    def _upgrade(self) -> bool:
        """Whether the server has agreed to a websocket; a server that refuses is left."""
        head, end, rest = self._rest.partition(b"\r\n\r\n")
        if end and head.startswith(_UPGRADED):
            self._upgraded, self._rest = True, rest
        elif end:
            self._close()
        return self._upgraded

    def _receive(self, packet: bytes) -> None:
        if packet == _PING:
            self._write(_PONG)
        elif packet.startswith(_OPEN):
            self._write(client_frame(_CONNECT))
        elif packet.startswith(_CONNECT):
            request = f'420["job:subscribe",{{"jobId":"{self._job}"}}]'
            self._write(client_frame(request.encode()))
        elif packet.startswith(_ACK):
            self._acknowledge(packet)
        elif packet.startswith(_SNAPSHOT):
            self._receive_snapshot(packet)
        elif packet.startswith(_ANY_EVENT):
            self._advance(packet)

    def _acknowledge(self, packet: bytes) -> None:
        if b'"ok":true' in packet:
            self.subscribed.set_result(None)
        else:
            self.subscribed.set_exception(ConnectionError(f"not subscribed: {packet[:200]!r}"))

    def _receive_chunk(self, packet: bytes) -> None:
        if self._timed:
            self.latencies_us.append(clock_us() - published_us(packet))
        self.frames += 1
        self.delivered += self._advance(packet)

    def _receive_snapshot(self, packet: bytes) -> None:
        """What a follower gets that fell so far behind that the log is no longer whole."""
        sequence = sequence_of(packet)
        self.skipped += sum(one in self._chunks for one in range(self._position + 1, sequence + 1))
        self._reach(sequence)

    def _advance(self, packet: bytes) -> int:
        """How many events `packet` brings; one that is not the next counts as disordered."""
        sequence = sequence_of(packet)
        expected = self._position + 1
        first = sequence if sequence == expected else first_sequence_of(packet)
        if first != expected:
            self.disordered += 1
        self._reach(sequence)
        return sequence - first + 1

    def _reach(self, sequence: int) -> None:
        complete = self._position < self._chunks[-1] <= sequence
        self._position = max(self._position, sequence)
        if complete:
            self._on_complete()

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.close()
