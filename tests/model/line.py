"""The line of a websocket: the transport, and the socket below it, of which the kernel holds little.

Nothing is lost or reordered here. The peer reads when the model says so; until then the kernel fills,
takes a part of a write, and then nothing, and what the transport is given waits in it.
"""

import asyncio
import errno
from array import array
from collections import deque
from collections.abc import Callable
from typing import Any, Final, Protocol

from realtime.fan_out import broadcast
from tests.model.met import Met

_READ: Final = 100
"""Bytes that the peer reads at a time: less than an event."""
PONG: Final = bytes((0x8A, 0))
"""What the engine writes to the transport by itself, past the outlet."""
_LONG: Final = {126: 2, 127: 8}
"""How many bytes more tell the length of a message (RFC 6455, section 5.2)."""


class Listener(Protocol):
    """Hears of its line what `realtime.engine.websocket` tells."""

    def blocked(self) -> None: ...
    def drained(self) -> None: ...
    def lost(self) -> None: ...


class Line(asyncio.Transport):
    """`told` gets each packet once its last byte was handed over, by whichever way; `room`: the kernel's."""

    def __init__(self, listener: Listener, told: Callable[[str], None], met: Met, *, room: int) -> None:
        super().__init__()
        self.broken = False
        self._listener = listener
        self._told = told
        self._met = met
        self._room = room
        self._begun = b""
        self._packets: deque[tuple[int, str]] = deque()
        self._held = 0
        self._passed = 0
        self._read = 0

    # The node's end.

    def get_write_buffer_size(self) -> int:
        return self._held

    def write(self, data: Any) -> None:
        self._hand_over(data)
        blocked = self._held > 0
        self._held += len(data)
        self._pass_on()
        if self._held and not blocked:
            self._met.note("lines blocked")
            self._listener.blocked()

    def write_directly(self, data: bytes) -> int:
        """What a write to the descriptor gives: bytes, or a negative `errno`."""
        assert not self._held, "the descriptor is written to while the transport holds something"
        if self.broken:
            return -errno.EPIPE
        written = min(len(data), self._free)
        self._hand_over(data[:written])
        self._passed += written
        self._met.note(
            "direct writes" if written == len(data) else "direct writes cut short", int(written > 0)
        )
        return written

    def abort(self) -> None:
        asyncio.get_running_loop().call_soon(self._listener.lost)

    # The peer's.

    def take(self, count: int) -> list[str]:
        """The next packets that arrive, at most so many."""
        taken: list[str] = []
        while self._packets and len(taken) < count:
            end, packet = self._packets[0]
            if self._read < end:
                self._read_on()
            else:
                taken.append(packet)
                self._packets.popleft()
        return taken

    def _read_on(self) -> None:
        """Reading makes room in the kernel, and the transport passes on what it holds."""
        self._read += min(_READ, self._passed - self._read)
        blocked = self._held > 0
        self._pass_on()
        if blocked and not self._held:
            self._met.note("lines drained")
            self._listener.drained()

    @property
    def _free(self) -> int:
        return self._room - (self._passed - self._read)

    def _pass_on(self) -> None:
        moved = min(self._held, self._free)
        self._held -= moved
        self._passed += moved

    def _hand_over(self, data: bytes) -> None:
        self._begun += data
        ends_at = self._passed + self._held + len(data)
        while (message := _message(self._begun)) is not None:
            packet, self._begun = message
            if packet is None:
                continue
            self._packets.append((ends_at - len(self._begun), packet))
            self._told(packet)


class Lines:
    """The descriptors of a node: no two lines ever get the same, so that a stale one is found out."""

    def __init__(self) -> None:
        self._open: dict[int, Line] = {}
        self._next = 10

    def add(self, line: Line) -> int:
        self._next += 1
        self._open[self._next] = line
        return self._next

    def remove(self, descriptor: int) -> None:
        self._open.pop(descriptor, None)

    def send_many(
        self, descriptors: "array[int]", batches: list[tuple["array[int]", bytes]]
    ) -> list[tuple[int, int, int]]:
        """`broadcast.send_many`, to these lines."""
        return broadcast.send_by(self._write, descriptors, batches)

    def _write(self, descriptor: int, data: bytes) -> int:
        if descriptor < 0:
            return 0
        assert descriptor in self._open, "a connection that is gone is written to"
        return self._open[descriptor].write_directly(data)


def _message(stream: bytes) -> tuple[str | None, bytes] | None:
    """The first whole message of `stream` (None for a pong), and what follows."""
    if len(stream) < 2:
        return None
    if stream.startswith(PONG):
        return None, stream[len(PONG) :]
    assert stream[0] == 0x81, f"no message begins with {stream[:20]!r}"
    extra = _LONG.get(stream[1], 0)
    length = int.from_bytes(stream[2 : 2 + extra], "big") if extra else stream[1]
    begin = 2 + extra
    if len(stream) < begin + length:
        return None
    return stream[begin : begin + length].decode(), stream[begin + length :]
