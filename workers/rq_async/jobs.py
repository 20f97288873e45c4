"""The jobs that a worker holds: one task each, from the pop to the job's end in RQ."""

import asyncio
import math
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import msgspec
import structlog
from redis.exceptions import RedisError
from rq.job import Job
from rq.worker import WorkerStatus
from rq.worker.base import BaseWorker

from workers.rq_async.claim import Claim
from workers.rq_async.ending import Ending
from workers.rq_async.heartbeat import Heartbeat
from workers.rq_async.popping import Popped
from workers.rq_async.run import GivenBack, Run
from workers.rq_async.running import Running
from workers.rq_async.threads import Threads

_REFUSED = "Refused: this worker does not execute what the job names (its function, a callback or a webhook)."

_log = structlog.get_logger("worker")


class Terms(msgspec.Struct, frozen=True):
    """What a worker was told about jobs."""

    begin: Callable[[Job], Running]
    may_run: Callable[[Job], bool]
    concurrency: int
    drain_s: float
    lease_s: float

    @property
    def lease_ttl_s(self) -> int:
        """RQ rounds down the second from which a lease counts, and the one at which it is compared."""
        return math.ceil(self.lease_s) + 1

    def refusal(self, job: Job) -> str | None:
        """Why nothing of `job` may be executed; None if it may."""
        try:
            return None if self.may_run(job) else _REFUSED
        except Exception as error:  # noqa: BLE001  a job that cannot even be looked at, say with broken data
            return f"{_REFUSED} Looking at it raised {error!r}."


class Jobs:
    """Start jobs, ask them to end, wait for them. All methods are called on the event loop."""

    def __init__(self, worker: BaseWorker, terms: Terms, threads: Threads, heartbeat: Heartbeat) -> None:
        self._worker = worker
        self._terms = terms
        self._threads = threads
        self._heartbeat = heartbeat
        self._tasks: set[asyncio.Task[None]] = set()
        self._latest: dict[str, asyncio.Task[None]] = {}
        self._runs: dict[str, Run] = {}
        self._claimed = 0
        self._changed = asyncio.Event()
        self._given_back = False

    def __len__(self) -> int:
        return len(self._tasks)

    @property
    def state(self) -> str:
        """What RQ is to show of the worker. May be asked from any thread."""
        return WorkerStatus.BUSY if self._claimed else WorkerStatus.IDLE

    def start(self, popped: Popped) -> None:
        """Own `popped` from now on."""
        self._heartbeat.hold_popped(popped)
        previous = self._latest.get(popped.job_id)
        task = asyncio.create_task(self._hold(popped, previous), name=f"rq job {popped.job_id}")
        self._tasks.add(task)
        self._latest[popped.job_id] = task
        task.add_done_callback(partial(self._ended, popped))

    def stop(self, job_id: str) -> None:
        """End the job as stopped; nothing happens if it is not running."""
        run = self._runs.get(job_id)
        if run is not None:
            run.stop()

    def give_back_all(self) -> None:
        """All jobs end soon, as a rule at the front of their queues; so do those that begin from now on."""
        self._given_back = True
        for run in self._runs.values():
            run.give_back()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until `condition` holds. It is looked at after each job's end, and after `look`."""
        while not condition():
            self._changed.clear()
            await self._changed.wait()

    def look(self) -> None:
        self._changed.set()

    def _ended(self, popped: Popped, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if self._latest.get(popped.job_id) is task:
            del self._latest[popped.job_id]
        self._heartbeat.drop_popped(popped)
        self._changed.set()

    async def _hold(self, popped: Popped, previous: asyncio.Task[None] | None) -> None:
        try:
            if previous is not None:  # it is back in its queue before we are through with it
                await asyncio.wait({previous})
            claim = await self._claim(popped)
            if claim is not None:
                await self._see_through(claim)
        except Exception:  # noqa: BLE001  the border of the task; the job's lease lapses
            _log.exception("job_crashed", rq_job=popped.job_id)

    async def _claim(self, popped: Popped) -> Claim | None:
        claim = Claim(self._worker, popped.queue, popped.job_id, self._terms.lease_ttl_s)
        try:
            begun = await self._threads.retried(partial(self._begin, claim))
        except RedisError as error:
            _log.error("job_not_begun", rq_job=popped.job_id, error=str(error))
            return None
        finally:
            self._heartbeat.drop_popped(popped)
        return claim if begun else None

    def _begin(self, claim: Claim) -> bool:
        begun = claim.begin()
        if begun:
            self._heartbeat.hold(claim)
        return begun

    async def _see_through(self, claim: Claim) -> None:
        self._claimed += 1
        try:
            await self._run(claim)
        finally:
            self._claimed -= 1
        if not self._claimed:
            with suppress(RedisError):  # the next beat says it again
                await self._threads.call(lambda: self._worker.set_state(self.state))

    async def _run(self, claim: Claim) -> None:
        job = claim.job
        assert job is not None
        ending = Ending(self._worker, claim, self._threads, self._heartbeat)
        refusal = await self._threads.call(partial(self._terms.refusal, job))
        if refusal is not None:
            await ending.refuse(refusal)
            return
        run = self._runs[job.id] = Run(self._terms.begin, job)
        try:
            outcome = GivenBack() if self._given_back else await run.outcome()
        finally:
            del self._runs[job.id]
        await ending.settle(outcome)
