"""Runs one job to its outcome: its time-out, what is asked of it meanwhile. It does not talk to Redis."""

import asyncio
from collections.abc import Callable
from enum import Enum, auto
from typing import Final

import msgspec
import structlog
from rq import Queue
from rq.job import Job
from rq.timeouts import JobTimeoutException

from workers.rq_async.running import GiveBack, Release, Running, current_job

GRACE_S: Final = 10.0
"""So long a job that was asked to end may take before it is cancelled."""
CANCEL_S: Final = 5.0
"""So long a cancelled job may take to clean up; then its outcome is settled without it."""

_log = structlog.get_logger("worker")


class Returned(msgspec.Struct, frozen=True):
    result: object


class Raised(msgspec.Struct, frozen=True):
    error: BaseException


class Stopped(msgspec.Struct, frozen=True):
    """By RQ's stop-job command."""


class GivenBack(msgspec.Struct, frozen=True):
    """To be run again, by whoever takes it."""


class Released(msgspec.Struct, frozen=True):
    """It is not ours any more."""


Outcome = Returned | Raised | Stopped | GivenBack | Released


class Wish(Enum):
    STOP = auto()
    GIVE_BACK = auto()


class Run:
    """Create, `await outcome()` once; `stop` and `give_back` may be called from the loop meanwhile."""

    def __init__(
        self,
        begin: Callable[[Job], Running],
        job: Job,
        *,
        grace_s: float = GRACE_S,
        cancel_s: float = CANCEL_S,
    ) -> None:
        self._begin = begin
        self._job = job
        self._grace_s = grace_s
        self._cancel_s = cancel_s
        self._running: Running | None = None
        self._wish: Wish | None = None
        self._deadline: asyncio.Timeout | None = None

    async def outcome(self) -> Outcome:
        """How the job ended. A job whose own code ignores its cancel is left behind, and logged."""
        task = asyncio.create_task(self._captured(), name=f"job {self._job.id}")
        try:
            async with asyncio.timeout(self._timeout_s()) as self._deadline:
                await asyncio.wait({task})
        except TimeoutError:
            pass
        finally:
            self._deadline = None
            late = not task.done()
            await self._cancel(task)
        return self._meaning(task, late=late)

    def stop(self) -> None:
        if self._first(Wish.STOP) and self._running is not None:
            self._tell(self._running.stop)

    def give_back(self) -> None:
        if self._first(Wish.GIVE_BACK) and self._running is not None:
            self._tell(self._running.give_back)

    def _first(self, wish: Wish) -> bool:
        """Note the wish, unless another came before it. From now on the job has `GRACE_S`."""
        if self._wish is not None:
            return False
        self._wish = wish
        if self._deadline is not None and not self._deadline.expired():
            self._deadline.reschedule(asyncio.get_running_loop().time() + self._grace_s)
        return True

    def _tell(self, tell: Callable[[], None]) -> None:
        try:
            tell()
        except Exception:  # noqa: BLE001  the job's own code; it is cancelled after its grace
            _log.exception("job_cannot_be_asked_to_end", job=self._job.id)

    async def _captured(self) -> Outcome:
        current_job.set(self._job)
        if self._wish is not None:
            raise asyncio.CancelledError
        try:
            self._running = self._begin(self._job)
            return Returned(await self._running.run())
        except Release:
            return Released()
        except GiveBack:
            return GivenBack()
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001  also `sys.exit()`: it ends the job, not the worker
            return Raised(error)

    async def _cancel(self, task: asyncio.Task[Outcome]) -> None:
        if task.done():
            return
        task.cancel()
        _, stuck = await asyncio.wait({task}, timeout=self._cancel_s)
        if stuck:
            _log.error("job_ignores_its_cancel", job=self._job.id, waited_s=self._cancel_s)

    def _meaning(self, task: asyncio.Task[Outcome], *, late: bool) -> Outcome:
        """Pure: what the end of the task says, given what was asked of it."""
        if not task.done() or task.cancelled():
            return self._cut_off(late=late)
        outcome = task.result()
        if isinstance(outcome, Released):
            return outcome
        if self._wish is Wish.STOP and not isinstance(outcome, Returned):
            return Stopped()
        return self._cut_off(late=late) if late and isinstance(outcome, Raised) else outcome

    def _cut_off(self, *, late: bool) -> Outcome:
        if self._wish is Wish.STOP:
            return Stopped()
        if self._wish is Wish.GIVE_BACK:
            return GivenBack()
        if late:
            message = f"Task exceeded maximum timeout value ({self._timeout_s():g} seconds)"
            return Raised(JobTimeoutException(message))
        return Raised(asyncio.CancelledError("The job cancelled itself."))

    def _timeout_s(self) -> float | None:
        """RQ's -1 stands for none."""
        timeout_s = self._job.timeout or Queue.DEFAULT_TIMEOUT
        return None if timeout_s < 0 else timeout_s
