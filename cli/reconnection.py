"""Keeps a client connected, whatever ended the connection; it comes back no sooner than the server asked.

python-socketio's own reconnection cannot be told when to begin, and stays away after a goodbye in good order.
"""

import asyncio
import itertools
import math
import random
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final

import socketio

from cli.unreachable import Unreachable

FIRST_PAUSE_S: Final = 0.2
LONGEST_PAUSE_S: Final = 2.0
LONGEST_ASKED_S: Final = 60.0
"""No server has a reason to send anybody away for longer."""


def pauses(asked_s: float | None, *, share: Callable[[], float] = random.random) -> Iterator[float]:
    """Seconds before each attempt: what the server asked for, if anything; then ever more, with jitter."""
    if asked_s is not None:
        yield asked_s
    for attempt in itertools.count():
        yield min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(attempt, 10)) * (0.5 + share() / 2)


def asked_by(notice: Any) -> float | None:
    """Seconds, of the payload of `server:draining`; None: it says nothing that can be understood."""
    asked_ms = notice.get("retryAfterMs") if isinstance(notice, dict) else None
    if isinstance(asked_ms, bool) or not isinstance(asked_ms, int | float) or not math.isfinite(asked_ms):
        return None
    return min(LONGEST_ASKED_S, max(0.0, asked_ms / 1000))


class Reconnection:
    """Of one socket, whose own reconnection is off. Whoever makes it has to `run` it."""

    def __init__(self, socket: socketio.AsyncClient, connect: Callable[[], Awaitable[None]]) -> None:
        """`connect` connects the socket, or raises `Unreachable`."""
        self._socket = socket
        self._connect = connect
        self._lost = asyncio.Event()
        self._asked_s: float | None = None
        socket.on("disconnect", self._disconnected)
        socket.on("server:draining", self._drains)

    async def run(self) -> None:
        """For ever."""
        while True:
            await self._lost.wait()
            self._lost.clear()
            await self._come_back()

    def _disconnected(self, _reason: str) -> None:
        self._lost.set()

    def _drains(self, notice: Any = None) -> None:
        self._asked_s = asked_by(notice)

    async def _come_back(self) -> None:
        asked_s, self._asked_s = self._asked_s, None
        # The event comes before the connection has been put away, and until then there cannot be another.
        await self._socket.eio.wait()
        for pause_s in pauses(asked_s):
            await asyncio.sleep(pause_s)
            if self._socket.connected or await self._connects():
                return

    async def _connects(self) -> bool:
        try:
            await self._connect()
        except Unreachable:
            return False
        return True
