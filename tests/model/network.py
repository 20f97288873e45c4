"""Between the processes and the server: commands that wait, replies that get lost, and repetitions.

A process that asks for something gets a future. The model decides when the server hears of it, when
the process hears of the answer, and whether either of them does.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Final

import msgspec
from redis.exceptions import ConnectionError as RedisConnectionError

from shared_events.answers import Requested
from shared_events.errors import JobcastError
from shared_events.ids import Epoch

LATE: Final = 4
"""Commands that may be stuck at a time. An epoch must not be claimed again when the log has forgotten it."""


class Process:
    """A worker, a node or a sweeper: it can die, or stand still for a while (and come back as a zombie)."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.alive = True
        self.paused = False
        self.has_ended_job = False
        """Whether the server has taken a terminal event from it."""
        self.has_rested = False
        """Whether the server has taken its last word before another attempt."""
        self.epochs: list[Epoch] = []
        """Under which it has had the log."""
        self.asked: Requested | None = None
        """What the server answered to its request, the first time."""
        self.asked_at = 0
        """So many claims there had been by then."""

    @property
    def runs(self) -> bool:
        return self.alive and not self.paused


class Outcome(msgspec.Struct, frozen=True):
    value: Any = None
    error: Exception | None = None


class Call:
    """A command on its way. `outcome` is what the server said, once it was asked."""

    def __init__(
        self, process: Process, name: str, action: Callable[[], object], answer: "asyncio.Future[Any]"
    ) -> None:
        self.process = process
        self.name = name
        self.action = action
        self.outcome: Outcome | None = None
        self.answer = answer

    def perform(self) -> None:
        """The server does it; a second time, if the client's library repeats it for want of an answer."""
        try:
            self.outcome = Outcome(value=self.action())
        except JobcastError as error:
            self.outcome = Outcome(error=error)


class Network:
    """All calls that wait, in the order in which they were made."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.calls: list[Call] = []
        self.strays: deque[Call] = deque(maxlen=LATE)
        """Commands whose sender has given up on them; the server may still come upon them."""

    def send(self, process: Process, name: str, action: Callable[[], object]) -> "asyncio.Future[Any]":
        call = Call(process, name, action, self._loop.create_future())
        self.calls.append(call)
        return call.answer

    def waiting(self) -> list[Call]:
        """The calls of those that run."""
        self.calls = [call for call in self.calls if not call.answer.done()]
        return [call for call in self.calls if call.process.runs]

    def perform(self, call: Call) -> None:
        if call.outcome is None:
            call.perform()

    def reply(self, call: Call) -> None:
        """Hand over what the server said, if the process still waits for it."""
        self.perform(call)
        assert call.outcome is not None
        if call.answer.done():
            return
        if call.outcome.error is not None:
            call.answer.set_exception(call.outcome.error)
        else:
            call.answer.set_result(call.outcome.value)

    def repeat(self, call: Call) -> None:
        """The first reply gets lost, and the client's library asks again by itself."""
        call.perform()
        call.perform()
        self.reply(call)

    def echo(self, call: Call) -> None:
        """The first sending is stuck on its way, and the client's library asks again by itself."""
        if call.outcome is None:
            self.strays.append(call)
        self.reply(call)

    def lose_reply(self, call: Call) -> None:
        """The server does it, the process hears of a broken connection."""
        self.perform(call)
        self._break(call)

    def lose_request(self, call: Call) -> None:
        """The process hears of a broken connection; the command is stuck on its way."""
        if call.outcome is None:
            self.strays.append(call)
        self._break(call)

    def perform_stray(self, which: int) -> None:
        """The server comes upon something that nobody waits for any more."""
        if self.strays:
            self.strays.rotate(-which)
            self.strays.popleft().perform()

    def forget_strays(self) -> None:
        """So much time has passed that what is stuck will not arrive any more."""
        self.strays.clear()

    def server_died(self) -> None:
        """What was stuck on its way to it is stuck for ever."""
        self.strays.clear()

    def _break(self, call: Call) -> None:
        if not call.answer.done():
            call.answer.set_exception(RedisConnectionError("The model broke the connection."))
