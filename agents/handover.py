"""Hands work from the thread of an agent over to the event loop, and ends all of it when the job stops."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from concurrent.futures import CancelledError, Future
from contextlib import aclosing
from typing import Any, Final, Generic, TypeVar, cast

from agents.errors import JobStopped

STOPPED: Final = "The job was stopped."

T = TypeVar("T")
Work = Callable[[], Coroutine[Any, Any, T]]
"""Called on the loop: a coroutine that is made there is always awaited."""


class Handover:
    """`call` and `iterate` are for the agent's thread, `stop` and `finish` for `loop`, to which it belongs.

    From `stop` on, what the thread calls or waits for raises `JobStopped`. You must await `finish`.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._stopped = False
        self._tasks: set[asyncio.Task[Any]] = set()

    def call(self, work: Work[T]) -> T:
        """What `work` returns or raises. Raises `RuntimeError` on the loop's own thread."""
        return _outcome(self._begin(work))

    def iterate(self, items: AsyncGenerator[T, None]) -> Generator[T, None, None]:
        """The `items`, which are never None, each read when it is wanted. Closing it closes `items`.

        Raises what they raise, and as `call`.
        """
        steps = _Steps(items)
        ended = self._begin(steps.run)
        ended.add_done_callback(steps.end)
        try:
            while (item := _outcome(self._ask(steps))) is not None:
                yield item
        finally:
            # Not waited for: the garbage collector may close this on any thread, at any moment.
            ended.cancel()

    def stop(self) -> None:
        """End what is under way, and refuse what comes."""
        self._stopped = True
        for task in self._tasks:
            # A second cancel would cut short how the first one is cleaned up after.
            if not task.cancelling():
                task.cancel()

    async def finish(self) -> None:
        """`stop`, and wait until everything has ended."""
        self.stop()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, work: Work[T]) -> Future[T]:
        self._check()
        return asyncio.run_coroutine_threadsafe(self._owned(work), self._loop)

    def _ask(self, steps: "_Steps[T]") -> Future[T | None]:
        self._check()
        step: Future[T | None] = Future()
        self._loop.call_soon_threadsafe(steps.ask, step)
        return step

    def _check(self) -> None:
        if _runs_here(self._loop):
            raise RuntimeError("The event loop would wait for itself: call this from the agent's own thread.")
        if self._stopped or self._loop.is_closed():
            raise JobStopped(STOPPED)

    async def _owned(self, work: Work[T]) -> T:
        if self._stopped:
            raise JobStopped(STOPPED)
        task = cast("asyncio.Task[T]", asyncio.current_task())
        self._tasks.add(task)
        try:
            return await work()
        finally:
            self._tasks.discard(task)


class _Steps(Generic[T]):
    """Iterates in one task, as a generator wants it, one item for each `ask`. All of it on the loop."""

    def __init__(self, items: AsyncGenerator[T, None]) -> None:
        self._items = items
        self._step: Future[T | None] = Future()
        self._wanted = asyncio.Event()
        self._ended: Future[None] | None = None

    async def run(self) -> None:
        """Answers each step with the next item. Must be a task of the owner."""
        async with aclosing(self._items) as items:
            await self._wanted.wait()
            async for item in items:
                self._wanted.clear()
                self._step.set_result(item)
                await self._wanted.wait()

    def ask(self, step: Future[T | None]) -> None:
        """Get `step` answered: by an item, by None behind the last one, or by what ended them."""
        self._step = step
        self._wanted.set()
        if self._ended is not None:
            _settle(step, self._ended)

    def end(self, ended: Future[None]) -> None:
        """Nothing comes any more."""
        self._ended = ended
        if self._wanted.is_set():
            _settle(self._step, ended)


def _runs_here(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False


def _settle(step: Future[Any], ended: Future[None]) -> None:
    if ended.cancelled():
        step.cancel()
    elif (error := ended.exception()) is not None:
        step.set_exception(error)
    else:
        step.set_result(None)


def _outcome(future: Future[T]) -> T:
    try:
        return future.result()
    except CancelledError:
        raise JobStopped(STOPPED) from None
