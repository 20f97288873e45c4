"""One attempt at one job: claims its log, runs its agent, and says what became of it."""

import asyncio
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

import msgspec
import structlog

from agents import Agent, Backend, InvalidInput, JobContext, Policy
from shared_events.answers import Answer, Claimed, Rest
from shared_events.contract import JobRequest
from shared_events.ending import end_job
from shared_events.errors import Fenced, JobcastError, JobClosed, UnknownJob
from shared_events.events import JobStatus
from shared_events.ids import Epoch, JobId, new_epoch
from shared_events.log import JobLog
from workers.agent_run import AgentRun, End
from workers.control import Control, HandBack
from workers.errors import StorageFull, WorkerError
from workers.leases import Beginning, Leased
from workers.origin import Origin
from workers.outcome import Ended, Ending, HandedBack, NotOurs, Outcome, TryAgain, failed, failure
from workers.persistence import persist
from workers.replay import Replay
from workers.retries import Failure, retry_after
from workers.sink import AttemptSink
from workers.writer import Writer

_NOT_TWICE: Final = "The worker was stopped, and this job may be run once only."

_log = structlog.get_logger("attempt")


class LeaseHolder(Protocol):
    """Renews the leases of the writers that it holds, as `workers.leases.Leases` does."""

    def hold(self, writer: Leased) -> None: ...
    def let_go(self, writer: Leased) -> None: ...


class Tools(msgspec.Struct, frozen=True):
    """What every attempt of a worker uses. `worker` is the name under which requests reach it."""

    log: JobLog
    agents: dict[str, Agent]
    backends: dict[str, Backend]
    leases: LeaseHolder
    worker: str = ""


class Attempt:
    """Create, `await run()` once; `control` may end it from outside."""

    def __init__(self, tools: Tools, request: JobRequest) -> None:
        self._tools = tools
        self._request = request
        self._job_id = JobId(request.job_id)
        self._agent = tools.agents.get(request.agent)
        self._policy = self._agent.policy if self._agent is not None else Policy()
        self._writer: Writer | None = None
        self.control = Control(self._policy, on_pause=self._say_paused)
        self.agent_is_stuck = False
        """It ignored its cancel, and still runs after the attempt has ended."""

    async def run(self) -> Outcome:
        """Raises `LogUnavailable`: then nothing more could be said, and a sweeper will find the job."""
        claimed, writer = await self._begin()
        if writer is None:
            _log.info("job_skipped", job=self._job_id, answer=claimed.answer)
            return NotOurs()
        began = time.monotonic()
        _log.info("job_started", job=self._job_id, agent=self._request.agent, attempt=claimed.attempt)
        outcome = await self._write(writer, claimed)
        seconds = round(time.monotonic() - began, 3)
        _log.info("job_attempted", **_told_of(writer), agent=self._request.agent, seconds=seconds)
        return outcome

    async def _begin(self) -> tuple[Claimed, Writer | None]:
        """Claim the log; no writer if it is not ours to write.

        The lease counts from the claim on, and must be kept even if somebody blocks the loop before its
        answer is heard. From a writer on, `_write` lets go.
        """
        beginning = Beginning(self._job_id, new_epoch())
        self._tools.leases.hold(beginning)
        try:
            claimed, writer = await self._claim(beginning.epoch)
            if writer is not None:
                self._tools.leases.hold(writer)
            return claimed, writer
        finally:
            self._tools.leases.let_go(beginning)

    async def _claim(self, epoch: Epoch) -> tuple[Claimed, Writer | None]:
        log, job_id = self._tools.log, self._job_id
        fields = {
            "agent": self._request.agent,
            "owner": self._request.owner,
            "worker": self._tools.worker,
            "attempts": str(self._policy.retry.attempts),
        }
        claimed = await persist(job_id, lambda: log.start(job_id, epoch, fields), waits_for_room=True)
        if claimed.answer is not Answer.OK:
            return claimed, None
        try:
            view = await persist(job_id, lambda: log.view(job_id), waits_for_room=True)
        except UnknownJob:
            return claimed, None
        origin = Origin(
            view, before=claimed.epochs, fields=fields, request=msgspec.json.encode(self._request)
        )
        return claimed, Writer(log, job_id, epoch, origin, on_answer=self.control.heard)

    async def _write(self, writer: Writer, claimed: Claimed) -> Outcome:
        writing = asyncio.create_task(writer.run(), name=f"writer {self._job_id}")
        try:
            outcome = await self._outcome(writer, writing, claimed)
            await writing
            return await self._unless_cancelled(outcome)
        except (Fenced, JobClosed) as error:
            _log.warning("job_taken_over", job=self._job_id, reason=str(error))
            return NotOurs()
        except StorageFull as error:
            return await _end_without_room(writer, error)
        finally:
            self.control.pause.close()
            self._tools.leases.let_go(writer)
            writing.cancel()
            with suppress(asyncio.CancelledError, JobcastError):
                await writing

    async def _outcome(self, writer: Writer, writing: asyncio.Task[None], claimed: Claimed) -> Outcome:
        """Run the agent, and let the writer tell what became of it."""
        text = writer.view.text
        self.control.obey(claimed.control)
        if self.control.pause.paused:
            writer.status(JobStatus.PAUSED, attempt=claimed.attempt, reason=self.control.pause.reason)
        else:
            writer.status(JobStatus.RUNNING, attempt=claimed.attempt)
        self._writer = writer
        match await self._end(writer, writing, text, claimed.attempt):
            case None:
                return NotOurs()  # the writer says why
            case HandBack(reason):
                writer.rest(reason, Rest.RETURNS)
                return HandedBack()
            case Failure() as failed:
                delay_s = retry_after(self._policy.retry, failed, claimed)
                if delay_s is None:
                    return Ended(_put(writer, failed.ending))
                writer.rest(f"{failed.reason.rstrip('.')}; trying again in {delay_s:.1f} s", Rest.WAITS)
                return TryAgain(delay_s)
            case Ending() as ending:
                return Ended(_put(writer, ending))

    async def _end(self, writer: Writer, writing: asyncio.Task[None], text: str, attempt: int) -> End | None:
        continues = self._policy.on_retry == "continue"
        sink = AttemptSink(writer, self.control.pause, Replay("" if continues else text))
        try:
            agent, given = self._input()
        except InvalidInput as error:
            return failure(error)
        context: JobContext[Any] = JobContext(
            request=self._request,
            input=given,
            attempt=attempt,
            sink=sink,
            backends=self._tools.backends,
            preferred=self._policy.backends,
            partial=text,
            continues=continues,
            deadline=datetime.now(UTC) + timedelta(seconds=self._policy.timeout_s),
        )
        running = AgentRun(agent, context, sink, self.control)
        end = await running.run(writing)
        self.agent_is_stuck = running.is_stuck
        if isinstance(end, HandBack) and running.has_begun and self._policy.retry.attempts == 1:
            return failed("worker_lost", _NOT_TWICE, retryable=True)
        return end

    def _input(self) -> tuple[Agent, Any]:
        """The agent, and what it is given. Raises `InvalidInput`."""
        if self._agent is None:
            raise InvalidInput(f"This worker has no agent {self._request.agent!r}.")
        return self._agent, self._agent.fitting(self._request.input)

    async def _unless_cancelled(self, outcome: Outcome) -> Outcome:
        """A cancel that came while the attempt was ending must not wait for the next one."""
        cancelled = self.control.cancellation
        if cancelled is None or not isinstance(outcome, TryAgain | HandedBack):
            return outcome
        log, job_id = self._tools.log, self._job_id
        ended = await persist(
            job_id,
            lambda: end_job(log, job_id, JobStatus.RETRYING, cancelled.kind, **cancelled.fields),
            waits_for_room=True,
        )
        return Ended(JobStatus.CANCELLED) if ended else NotOurs()

    def _say_paused(self) -> None:
        pause, writer = self.control.pause, self._writer
        if writer is None or writer.rests:
            return
        status = JobStatus.PAUSED if pause.paused else JobStatus.RUNNING
        reason = pause.reason if pause.paused else None
        writer.status(status, attempt=writer.view.attempt, reason=reason)


def _told_of(writer: Writer) -> dict[str, Any]:
    view = writer.view
    code = {"code": view.error.code} if view.error is not None else {}
    return {
        "job": view.job_id,
        "status": view.status,
        "attempt": view.attempt,
        "sequence": view.sequence,
        **code,
    }


def _put(writer: Writer, ending: Ending) -> JobStatus:
    """Publish the end; one that cannot be encoded or is too large becomes a failure that can."""
    try:
        writer.end(ending.kind, **ending.fields)
    except WorkerError as error:
        failed = failure(error)
        writer.end(failed.kind, **failed.fields)
    return writer.view.status


async def _end_without_room(writer: Writer, error: StorageFull) -> Outcome:
    _log.error("storage_full", job=writer.job_id, error=str(error))
    writer.give_up_unsent()
    status = _put(writer, failure(error))
    try:
        await writer.run()
    except (Fenced, JobClosed):
        return NotOurs()
    return Ended(status)
