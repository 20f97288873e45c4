"""Between RQ and an attempt: what a queue entry stands for, where it runs, and what RQ is told of it."""

import asyncio
import math
import os
import time
from typing import Final

import msgspec
import structlog
from rq import Retry
from rq.job import Job

from launch.settings import Settings
from shared_events.contract import RUN_JOB, JobRequest
from shared_events.ending import end_job
from shared_events.errors import LogUnavailable, UnknownJob
from shared_events.events import JobCancelled, JobStatus
from shared_events.ids import JobId, is_job_id
from workers.alone import Alone
from workers.attempt import Attempt, Tools
from workers.desertion import deserted
from workers.errors import AgentFailed
from workers.outcome import Ended, HandedBack, NotOurs, Outcome, TryAgain
from workers.persistence import persist
from workers.retries import is_suspect
from workers.rq_async import GiveBack, Release
from workers.silence import CONFIRM_S
from workers.sweeper import Sweeper

STUCK_LIMIT: Final = 8
"""So many agents that ignore their cancel may go on running; then the worker goes, and another is started."""
_STOPPED: Final = "Stopped by an operator."
_LEAVING: Final = "The worker was stopped; another one goes on"
_ANY_NUMBER: Final = 1_000_000

_log = structlog.get_logger("worker")


def may_run(job: Job) -> bool:
    """A queue entry names a function, and there is just one to name."""
    callbacks = (job._success_callback_name, job._failure_callback_name, job._stopped_callback_name)  # noqa: SLF001
    return (
        job.func_name == RUN_JOB
        and is_job_id(job.id)
        and not any(isinstance(name, str) for name in callbacks)
        and not job.webhooks
    )


class Runner:
    """Begins jobs for an RQ worker."""

    def __init__(self, settings: Settings, tools: Tools, sweeper: Sweeper) -> None:
        self.settings = settings
        self.tools = tools
        self.sweeper = sweeper
        self.stuck = 0
        self.has_too_many_stuck = asyncio.Event()
        self._suspects = asyncio.Semaphore(1)
        self._processes = asyncio.Semaphore(max(2, os.cpu_count() or 2))

    def begin(self, job: Job) -> "JobRun":
        return JobRun(self, JobId(job.id))

    def count_stuck(self, job_id: JobId, agent: str) -> None:
        self.stuck += 1
        _log.error("agent_stuck", job=job_id, agent=agent, stuck=self.stuck)
        if self.stuck >= STUCK_LIMIT:
            self.has_too_many_stuck.set()

    def place(self, request: JobRequest, losses: int) -> asyncio.Semaphore | None:
        """Whose turn a job must wait for that runs in a process of its own; None if it runs in this one."""
        if is_suspect(losses):
            return self._suspects
        agent = self.tools.agents.get(request.agent)
        return self._processes if agent is not None and agent.policy.own_process else None


class JobRun:
    """Implements `rq_async.Running`."""

    def __init__(self, runner: Runner, job_id: JobId) -> None:
        self._runner = runner
        self._job_id = job_id
        self._attempt: Attempt | None = None
        self._alone: Alone | None = None
        self._leaves = asyncio.Event()
        self._stops = asyncio.Event()

    async def run(self) -> object:
        """The status that the job ended with, or `rq.Retry`. Raises `AgentFailed`, `GiveBack`, `Release`."""
        tools = self._runner.tools
        try:
            encoded, losses = await persist(
                self._job_id, lambda: tools.log.assignment(self._job_id), waits_for_room=True
            )
            request = msgspec.json.decode(encoded, type=JobRequest)
            turn = self._runner.place(request, losses)
            outcome = await (self._run_here(request) if turn is None else self._run_alone(turn, losses))
        except UnknownJob:
            return None  # it has ended, or has expired
        except LogUnavailable as error:
            _log.error("job_left", job=self._job_id, error=str(error))
            raise Release from error
        return told(outcome)

    def stop(self) -> None:
        self._stops.set()
        if self._attempt is not None:
            self._attempt.control.cancel(_STOPPED, None)
        if self._alone is not None:
            self._alone.cancel()

    def give_back(self) -> None:
        self._leaves.set()
        if self._attempt is not None:
            self._attempt.control.hand_back(_LEAVING)
        if self._alone is not None:
            self._alone.hand_back()

    async def _run_here(self, request: JobRequest) -> Outcome:
        self._attempt = Attempt(self._runner.tools, request)
        if self._leaves.is_set():
            return HandedBack()
        if self._stops.is_set():
            self._attempt.control.cancel(_STOPPED, None)
        outcome = await self._attempt.run()
        if self._attempt.agent_is_stuck:
            self._runner.count_stuck(self._job_id, request.agent)
        return outcome

    async def _run_alone(self, turn: asyncio.Semaphore, losses: int) -> Outcome:
        if not await self._wait_for(turn):
            return HandedBack() if self._leaves.is_set() else await self._end_stopped()
        self._alone = Alone(self._job_id)
        watching = asyncio.create_task(self._watch(self._alone, losses), name=f"watch {self._job_id}")
        try:
            outcome = await self._alone.run()
            return outcome if outcome is not None else await self._recover(losses)
        finally:
            watching.cancel()
            turn.release()

    async def _wait_for(self, turn: asyncio.Semaphore) -> bool:
        """Whether the turn came before the worker had to go, or the job was stopped."""
        waiting = asyncio.create_task(turn.acquire(), name=f"turn {self._job_id}")
        ends = [
            asyncio.create_task(event.wait(), name=f"end {self._job_id}")
            for event in (self._leaves, self._stops)
        ]
        try:
            await asyncio.wait({waiting, *ends}, return_when=asyncio.FIRST_COMPLETED)
            return not self._is_over
        finally:
            for end in ends:
                end.cancel()
            if (not waiting.done() or self._is_over) and not waiting.cancel():
                turn.release()

    @property
    def _is_over(self) -> bool:
        return self._leaves.is_set() or self._stops.is_set()

    async def _end_stopped(self) -> Outcome:
        log, job_id = self._runner.tools.log, self._job_id
        ended = await persist(
            job_id,
            lambda: end_job(log, job_id, JobStatus.QUEUED, JobCancelled, reason=_STOPPED),
            waits_for_room=True,
        )
        return Ended(JobStatus.CANCELLED) if ended else NotOurs()

    async def _watch(self, alone: Alone, losses: int) -> None:
        tools, lease_s = self._runner.tools, max(self._runner.settings.lease_s, CONFIRM_S)
        await deserted(tools.log, self._job_id, losses=losses, lease_s=lease_s)
        _log.error("process_deserted", job=self._job_id)
        alone.kill()

    async def _recover(self, losses: int) -> Outcome:
        """Its process died: no need to wait for the lease to run out."""
        tools = self._runner.tools
        (look,) = await persist(self._job_id, lambda: tools.log.looks([self._job_id]), waits_for_room=True)
        if look is None or look.closed:
            return Ended(JobStatus.FAILED)
        if look.losses > losses:
            return NotOurs()  # a sweeper was sooner: the attempt that is there now is another's
        again = await self._runner.sweeper.recover(self._job_id, look, witnessed=True)
        return NotOurs() if again else Ended(JobStatus.FAILED)


def told(outcome: Outcome) -> object:
    """What RQ gets to hear of an outcome. Raises what stands for it."""
    match outcome:
        case Ended(JobStatus.FAILED):
            raise AgentFailed("The job has ended as failed; its last event says why.")
        case Ended(status):
            return status.value
        case TryAgain(delay_s):
            return Retry(max=_ANY_NUMBER, interval=[_whole_seconds(delay_s)])
        case HandedBack():
            raise GiveBack
        case NotOurs():
            raise Release


def _whole_seconds(delay_s: float) -> int:
    """An interval for RQ that lasts `delay_s` at least: it cuts the fraction off the time that comes out."""
    return math.ceil(time.time() % 1 + delay_s)
