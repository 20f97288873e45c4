"""One job while it runs, as the worker sees it; and the default, which calls the function that it names."""

import asyncio
import inspect
from collections.abc import Callable
from contextvars import ContextVar
from functools import partial
from typing import Any, Final, Protocol

from rq.job import Job

from workers.rq_async.threads import in_thread

current_job: Final[ContextVar[Job | None]] = ContextVar("current_job", default=None)
"""The job that the code at hand runs for; `rq.get_current_job()` knows only one a process."""


class Release(Exception):
    """Raised by `Running.run`: the job belongs to somebody else now.

    Only our own traces of it are removed; its status and its place in a queue are left alone.
    """


class GiveBack(Exception):
    """Raised by `Running.run`: the job goes back to the front of its queue, to be run again."""


class Running(Protocol):
    """One job while it runs. All three are called on the event loop."""

    async def run(self) -> object:
        """The job's result, or an `rq.Retry` to be run again. What it raises is the job's failure."""
        ...

    def stop(self) -> None:
        """RQ's stop-job command: `run` ends soon. If it raises, the job is stopped; a result still counts."""
        ...

    def give_back(self) -> None:
        """The time to drain is over: `run` ends soon, as a rule by raising `GiveBack`."""
        ...


class CallJob:
    """Calls a coroutine function on the loop, and any other in a daemon thread of its own.

    A thread cannot be ended: a function that was stopped, given back or timed out goes on unobserved.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._task: asyncio.Task[object] | None = None
        self._given_back = False

    async def run(self) -> object:
        self._task = asyncio.current_task()
        try:
            return await self._call()
        except asyncio.CancelledError:
            if self._given_back:
                raise GiveBack from None
            raise

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def give_back(self) -> None:
        self._given_back = True
        self.stop()

    async def _call(self) -> object:
        name = f"job {self._job.id}"
        # Finding the function imports its module, which may take its time.
        call: Callable[[], Any] = await in_thread(self._named, name)
        result = call() if inspect.iscoroutinefunction(call) else await in_thread(call, name)
        return await result if inspect.isawaitable(result) else result

    def _named(self) -> Callable[[], Any]:
        job = self._job
        if job.func is None:
            raise ValueError(f"The job {job.id} names no function.")
        return partial(job.func, *job.args, **job.kwargs)
