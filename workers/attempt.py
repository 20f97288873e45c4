"""One attempt at one job: claims its log, runs its agent and writes its one end."""

import asyncio
from contextlib import suppress
from typing import Any, Final

import msgspec
import structlog

from agents import Agent, Backend, BackendError, JobContext
from shared_events.contract import JOB_TIMEOUT_S, ControlRequest, JobRequest
from shared_events.errors import Fenced, JobcastError, JobClosed
from shared_events.events import (
    ErrorInfo,
    Event,
    JobCancelled,
    JobCompleted,
    JobFailed,
    JobStatus,
    ModelRewind,
)
from shared_events.ids import JobId, new_epoch
from shared_events.log import Answer, JobLog
from workers.errors import InvalidInput, WorkerError
from workers.writer import Writer

AGENT_STOP_S: Final = 5.0
"""So long a cancelled agent may take to clean up; then its job ends without it."""

_log = structlog.get_logger("attempt")


class Tools(msgspec.Struct, frozen=True):
    """What every attempt of a worker uses."""

    log: JobLog
    agents: dict[str, Agent]
    backends: dict[str, Backend]

    async def aclose(self) -> None:
        for backend in self.backends.values():
            await backend.aclose()
        await self.log.aclose()


class Ending(msgspec.Struct, frozen=True):
    """A terminal event, before it has its number."""

    kind: type[Event]
    fields: dict[str, Any]


class Attempt:
    """Create, `await run()` once; `stop` may end it from outside."""

    def __init__(self, tools: Tools, request: JobRequest) -> None:
        self._tools = tools
        self._request = request
        self._job_id = JobId(request.job_id)
        self.agent_is_stuck = False
        """It ignored its cancel, and still runs after the job has ended."""
        self._interrupted = asyncio.Event()
        self._interruption: Ending | None = None

    async def run(self) -> JobStatus | None:
        """The status that the job ended with, or None if it was not ours (any more)."""
        epoch = new_epoch()
        claimed = await self._tools.log.claim(self._job_id, epoch, new_attempt=True)
        if claimed.answer is not Answer.OK:
            _log.info("job_skipped", job=self._job_id, answer=claimed.answer)
            return None
        view = await self._tools.log.view(self._job_id)
        fields = {"agent": self._request.agent, "owner": self._request.owner}
        writer = Writer(
            self._tools.log, self._job_id, epoch, view, fields=fields, on_control=self._on_control
        )
        _log.info("job_started", job=self._job_id, agent=self._request.agent, attempt=claimed.attempt)
        if claimed.control:
            self._on_control(claimed.control)
        status = await self._write(writer, claimed.attempt)
        _log.info("job_ended", job=self._job_id, status=status, sequence=writer.view.sequence)
        return status

    def stop(self, reason: str) -> None:
        """End the job as failed, to be tried again: its worker has to go."""
        error = ErrorInfo(code="worker_lost", message=reason, retryable=True)
        self._interrupt(Ending(JobFailed, {"error": error}))

    async def _write(self, writer: Writer, attempt: int) -> JobStatus | None:
        writing = asyncio.create_task(writer.run(), name=f"writer {self._job_id}")
        try:
            had_text = writer.view.text_length > 0
            await writer.status(JobStatus.RUNNING, attempt=attempt)
            if had_text:
                await writer.put(ModelRewind, length=0, attempt=attempt, reason="retry")
            ending = await self._run_agent(writer, writing, attempt)
            if ending is not None:
                await _put_ending(writer, ending)
            await writing
        except (Fenced, JobClosed) as error:
            _log.warning("job_taken_over", job=self._job_id, reason=str(error))
            return None
        finally:
            writing.cancel()
            with suppress(asyncio.CancelledError, JobcastError):
                await writing
        return writer.view.status

    async def _run_agent(self, writer: Writer, writing: asyncio.Task[None], attempt: int) -> Ending | None:
        """How the job ends; None when the writer failed and there is nothing more to write."""
        agent = asyncio.create_task(self._agent(writer, attempt), name=f"agent {self._job_id}")
        interrupted = asyncio.create_task(self._interrupted.wait(), name=f"interruption {self._job_id}")
        try:
            await asyncio.wait(
                {agent, writing, interrupted}, timeout=JOB_TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED
            )
            return self._ending(agent, writing)
        finally:
            interrupted.cancel()
            agent.cancel()
            _, stuck = await asyncio.wait({agent}, timeout=AGENT_STOP_S)
            self.agent_is_stuck = bool(stuck)

    def _ending(self, agent: asyncio.Task[Ending], writing: asyncio.Task[None]) -> Ending | None:
        if writing.done():
            return None
        # An agent that is through has the word over a cancel that came at the same moment.
        if agent.done():
            return _failure(WorkerError("The agent was cancelled.")) if agent.cancelled() else agent.result()
        if self._interruption is not None:
            return self._interruption
        message = f"The job ran longer than {JOB_TIMEOUT_S} s."
        return Ending(JobFailed, {"error": ErrorInfo(code="timeout", message=message, retryable=False)})

    async def _agent(self, writer: Writer, attempt: int) -> Ending:
        """Run the agent; whatever it raises becomes the job's end."""
        try:
            agent = self._tools.agents.get(self._request.agent)
            if agent is None:
                raise InvalidInput(f"This worker has no agent {self._request.agent!r}.")
            context = self._context(agent, writer, attempt)
            result = await agent.run(context)
            await context.finish()
            return Ending(JobCompleted, {"result": _plain(result), "usage": context.usage})
        except (BackendError, JobcastError) as error:
            _log.warning("agent_failed", job=self._job_id, code=error.code, error=str(error))
            return _failure(error)
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001  also `sys.exit()`: the agent's code ends the job, not the worker
            _log.exception("agent_raised", job=self._job_id)
            hidden = f"The agent failed with {type(error).__name__}; the worker's log says where."
            return _failure(WorkerError(hidden))

    def _context(self, agent: Agent, writer: Writer, attempt: int) -> JobContext[Any]:
        try:
            given = msgspec.convert(self._request.input, agent.input_type)
        except msgspec.ValidationError as error:
            raise InvalidInput(f"The input does not fit the agent {agent.name!r}: {error}.") from error
        return JobContext(
            request=self._request, input=given, attempt=attempt, sink=writer, backends=self._tools.backends
        )

    def _on_control(self, control: str) -> None:
        wish = msgspec.json.decode(control, type=ControlRequest)
        self._interrupt(Ending(JobCancelled, {"reason": wish.reason, "cancelled_by": wish.by}))

    def _interrupt(self, ending: Ending) -> None:
        if self._interruption is None:
            self._interruption = ending
            self._interrupted.set()


def _failure(error: JobcastError) -> Ending:
    info = ErrorInfo(code=error.code, message=str(error), retryable=error.retryable)
    return Ending(JobFailed, {"error": info})


def _plain(result: Any) -> Any:
    """The agent's result as JSON types. Raises `WorkerError`."""
    try:
        return msgspec.to_builtins(result)
    except (TypeError, RecursionError) as error:
        raise WorkerError(f"The agent's result cannot be said in JSON: {error}.") from error


async def _put_ending(writer: Writer, ending: Ending) -> None:
    """Publish the end; one that cannot be encoded or is too large becomes a failure that can."""
    try:
        await writer.put(ending.kind, **ending.fields)
    except WorkerError as error:
        failure = _failure(error)
        await writer.put(failure.kind, **failure.fields)
