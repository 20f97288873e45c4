"""Engine.IO's heartbeat for all connections of a node, in one task.

The server pings an interval after the last pong; a client that does not answer in time is gone.
"""

import asyncio
import time
from collections import OrderedDict
from typing import Final, Protocol

TICK_S: Final = 0.05
"""What is due within one is done together."""


class Beating(Protocol):
    """A connection. It must be forgotten when it ends."""

    def ping(self) -> None: ...
    def silent(self) -> None:
        """It did not answer in time."""


class Heartbeat:
    """`run` must be a task of the owner. Seconds are those of the monotonic clock."""

    def __init__(self, *, interval_s: float, timeout_s: float) -> None:
        self._interval_s = interval_s
        self._timeout_s = timeout_s
        # Each with its time, in the order of the times, since all wait equally long.
        self._to_ping: OrderedDict[Beating, float] = OrderedDict()
        self._to_answer: OrderedDict[Beating, float] = OrderedDict()

    def expect(self, one: Beating) -> None:
        """Ping `one` an interval from now."""
        self._to_ping[one] = time.monotonic() + self._interval_s

    def answered(self, one: Beating) -> bool:
        """Whether a ping was out; it is the last one for an interval."""
        if self._to_answer.pop(one, None) is None:
            return False
        self.expect(one)
        return True

    def forget(self, one: Beating) -> None:
        self._to_ping.pop(one, None)
        self._to_answer.pop(one, None)

    async def run(self) -> None:
        while True:
            await asyncio.sleep(self._rest(time.monotonic()))
            self.beat(time.monotonic())

    def beat(self, now: float) -> None:
        """Send the pings that are due, and end those whose answer is overdue."""
        while (due := _first(self._to_ping)) is not None and due <= now:
            one, _ = self._to_ping.popitem(last=False)
            self._to_answer[one] = due + self._timeout_s
            one.ping()
        while (due := _first(self._to_answer)) is not None and due <= now:
            one, _ = self._to_answer.popitem(last=False)
            one.silent()

    def _rest(self, now: float) -> float:
        """Seconds until something may be due; what is expected meanwhile is due later."""
        firsts = [_first(self._to_ping), _first(self._to_answer)]
        waits = [first - now for first in firsts if first is not None]
        return max(TICK_S, min(self._interval_s, self._timeout_s, *waits))


def _first(times: OrderedDict[Beating, float]) -> float | None:
    return next(iter(times.values()), None)
