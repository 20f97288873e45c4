"""Connections without a network: how much a socket takes, and when, is said by the test."""

import asyncio
import errno
from collections.abc import Callable
from typing import Final

from realtime.fan_out import broadcast
from realtime.fan_out.broadcast import Batch, Descriptors, Unfinished

PLENTY: Final = 10**9


class Lines:
    """The open sockets of a process by descriptor; the lowest free one is given to the next."""

    def __init__(self) -> None:
        self._open: dict[int, ScriptedTransport] = {}
        self.partial_writes = 0

    def open(self, lost: Callable[[], None], *, room: int = PLENTY) -> "ScriptedTransport":
        descriptor = next(n for n in range(len(self._open) + 1) if n not in self._open)
        transport = self._open[descriptor] = ScriptedTransport(self, descriptor, lost)
        transport.room = room
        return transport

    def close(self, descriptor: int) -> None:
        del self._open[descriptor]

    def send_many(self, descriptors: Descriptors, batches: list[Batch]) -> list[Unfinished]:
        """`broadcast.send_many`, to these connections."""
        return broadcast.send_by(self._write, descriptors, batches)

    def _write(self, descriptor: int, data: bytes) -> int:
        if descriptor < 0:
            return 0
        assert descriptor in self._open, "written to a socket that is closed"
        transport = self._open[descriptor]
        assert not transport.get_write_buffer_size(), "written past what the transport holds"
        if transport.broken:
            return -errno.EPIPE
        taken = transport.take(data)
        self.partial_writes += 0 < taken < len(data)
        return taken


class ScriptedTransport(asyncio.Transport):
    """Takes `room` more bytes, which are then `received`, and holds the rest, as asyncio's does.

    `blocked` and `drained` stand for the protocol's `pause_writing` and `resume_writing`, where a buffer of
    one byte is too much already.
    """

    def __init__(self, lines: Lines, descriptor: int, lost: Callable[[], None]) -> None:
        super().__init__()
        self.descriptor = descriptor
        self.room = PLENTY
        self.received = bytearray()
        self.broken = False
        self.blocked: Callable[[], None] = lambda: None
        self.drained: Callable[[], None] = lambda: None
        self._lines = lines
        self._lost = lost
        self._held = b""
        self._ended = False

    def take(self, data: bytes) -> int:
        """What the socket does."""
        taken = data[: self.room]
        self.room -= len(taken)
        self.received += taken
        return len(taken)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._ended:
            return
        was_empty = not self._held
        self._held += bytes(data)
        self._move()
        if was_empty and self._held:
            self.blocked()

    def drain(self, room: int = PLENTY) -> None:
        """The peer has read: there is `room` for more."""
        self.room = room
        if self._held and not self._ended:
            self._move()
            if not self._held:
                self.drained()

    @property
    def held(self) -> bytes:
        return self._held

    def get_write_buffer_size(self) -> int:
        return len(self._held)

    def is_closing(self) -> bool:
        return self._ended

    def close(self) -> None:
        self.abort()

    def abort(self) -> None:
        if not self._ended:
            self._ended, self._held = True, b""
            asyncio.get_running_loop().call_soon(self._end)

    def _end(self) -> None:
        self._lost()
        self._lines.close(self.descriptor)

    def _move(self) -> None:
        self._held = self._held[self.take(self._held) :]
