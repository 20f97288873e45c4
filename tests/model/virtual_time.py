"""Time that passes only when the model says so, and an event loop that lives in it.

The code under test runs on real asyncio tasks. `settle` lets them go on until all of them wait: for an
answer of the network, for time, or for a word of the model. So the model decides what happens next.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from redis.exceptions import RedisError

from realtime.errors import RequestError
from shared_events.errors import JobcastError

_FORESEEN: Final = (JobcastError, RequestError, RedisError)
"""What a task may end with. Anything else is a bug that asyncio would only mention in a log."""


class Clock:
    """Stands in for the module `time` where the code under test asks for `monotonic`."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


CLOCK: Final = Clock()


class VirtualLoop(asyncio.SelectorEventLoop):
    """Never waits: what is not ready stays where it is until `advance`."""

    def __init__(self) -> None:
        super().__init__()
        CLOCK.now = 0.0
        self._tasks: set[asyncio.Task[Any]] = set()
        self._errors: list[BaseException] = []
        self.set_exception_handler(self._note)
        self.set_task_factory(self._task)

    def time(self) -> float:
        return CLOCK.now

    def do(self, action: Callable[[], object]) -> None:
        """Run `action` inside the loop, then settle."""
        self.call_soon(action)
        self.settle()

    def settle(self) -> None:
        """Go on until everybody waits. Raises what a task or a callback has failed with."""
        self._go_on()
        if self._errors:
            raise self._errors.pop()

    def advance(self, seconds: float) -> None:
        """Let time pass; every timer goes off at its own moment."""
        target = CLOCK.now + seconds
        while self._is_due(target):
            CLOCK.now = max(CLOCK.now, self._scheduled[0].when())  # type: ignore[attr-defined]
            self.settle()
        CLOCK.now = target
        self.settle()

    def abandon(self) -> None:
        """End every task without looking at how."""
        for task in list(self._tasks):
            task.cancel()
        self._go_on()
        self.close()

    def _go_on(self) -> None:
        while self._ready or self._is_due(CLOCK.now):  # type: ignore[attr-defined]
            self.call_soon(self.stop)
            self.run_forever()

    def _is_due(self, when: float) -> bool:
        scheduled: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]
        return bool(scheduled) and scheduled[0].when() <= when

    def _task(self, _: asyncio.AbstractEventLoop, work: Any, **options: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.Task(work, loop=self, **options)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, _FORESEEN):
            self._errors.append(error)

    def _note(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self._errors.append(context.get("exception") or AssertionError(context["message"]))
