"""Real connections for the tests of what is written to them."""

import os
import socket
import struct
from array import array
from collections.abc import Callable
from contextlib import suppress
from typing import Final, TypeAlias

import pytest

from realtime.fan_out.broadcast import NATIVE_AVAILABLE, Descriptors

# Under CI they run, and fail.
needs_native = pytest.mark.skipif(
    not NATIVE_AVAILABLE and os.environ.get("CI") != "true", reason="the part in C was not built"
)
_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)


class Line:
    """One connection: what is written to `descriptor`, which never waits, the other end reads."""

    def __init__(self, ours: socket.socket, theirs: socket.socket) -> None:
        self._ours, self._theirs = ours, theirs
        ours.setblocking(False)
        theirs.settimeout(10.0)
        self.descriptor = ours.fileno()

    def read(self, size: int) -> bytes:
        """The next `size` bytes."""
        received = b""
        while len(received) < size:
            received += self._theirs.recv(size - len(received))
        return received

    def everything(self) -> bytes:
        """All that was sent and not read yet. Nothing can be sent afterwards."""
        if self._theirs.fileno() < 0:
            return b""
        self._ours.shutdown(socket.SHUT_WR)
        with self._theirs.makefile("rb") as file:
            return file.read()

    def fill(self) -> None:
        """Afterwards not a byte more is taken: for `unix_line` only, where nothing moves on its own."""
        for size in (65536, 1):
            with suppress(BlockingIOError):
                while True:
                    self._ours.send(bytes(size))

    def hang_up(self) -> None:
        """The other end is gone, and ours has heard of it."""
        self._theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._theirs.close()
        self._ours.setblocking(True)
        with suppress(ConnectionResetError):
            assert self._ours.recv(1) == b""
        self._ours.setblocking(False)

    def close(self) -> None:
        self._ours.close()
        self._theirs.close()


def unix_line() -> Line:
    return Line(*socket.socketpair())


def tcp_line() -> Line:
    with socket.create_server(("127.0.0.1", 0)) as server:
        theirs = socket.create_connection(server.getsockname())
        ours, _ = server.accept()
    return Line(ours, theirs)


Connect: TypeAlias = Callable[[], Line]


def ints(*values: int) -> "array[int]":
    return array("i", values)


def descriptors_of(*lines: Line) -> Descriptors:
    return ints(*(line.descriptor for line in lines))
