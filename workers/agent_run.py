"""Runs an agent until it ends, is interrupted, has no time left, or has nobody to write for it."""

import asyncio
from typing import Any, Final

import structlog

from agents import Agent, JobContext, hidden_of, plain_result, run_agent, shown_of
from shared_events.events import JobCompleted, JobFailed
from workers.control import Control, HandBack
from workers.errors import WorkerError
from workers.outcome import Ending, failed, failure
from workers.retries import Failure
from workers.sink import AttemptSink

AGENT_STOP_S: Final = 5.0
"""So long a cancelled agent may take to clean up; then its job ends without it."""

_log = structlog.get_logger("attempt")

End = Ending | Failure | HandBack


class AgentRun:
    """`await run()` once. `is_stuck` afterwards: the agent ignored its cancel, and still runs.

    `has_begun`: some of the agent's code may have run.
    """

    def __init__(self, agent: Agent, context: JobContext[Any], sink: AttemptSink, control: Control) -> None:
        self.is_stuck = False
        self.has_begun = False
        self._agent = agent
        self._context = context
        self._sink = sink
        self._control = control

    async def run(self, writing: asyncio.Task[None]) -> End | None:
        """How it ended; None when `writing` did, for then nothing more can be said."""
        if self._control.interruption is not None:
            return self._control.interruption
        job_id = self._context.job_id
        agent = asyncio.create_task(self._run(), name=f"agent {job_id}")
        interrupted = asyncio.create_task(self._control.interrupted.wait(), name=f"interruption {job_id}")
        try:
            await asyncio.wait(
                {agent, writing, interrupted},
                timeout=self._agent.policy.timeout_s,
                return_when=asyncio.FIRST_COMPLETED,
            )
            return self._end(agent, writing)
        finally:
            interrupted.cancel()
            await self._stop(agent)

    async def _stop(self, agent: asyncio.Task[End]) -> None:
        agent.cancel()
        _, stuck = await asyncio.wait({agent}, timeout=AGENT_STOP_S)
        self.is_stuck = bool(stuck)

    def _end(self, agent: asyncio.Task[End], writing: asyncio.Task[None]) -> End | None:
        if writing.done():
            return None
        # An agent that is through has the word over a cancel that came at the same moment.
        if agent.done():
            return failure(WorkerError("The agent was cancelled.")) if agent.cancelled() else agent.result()
        if self._control.interruption is not None:
            return self._control.interruption
        return failed("timeout", f"The job ran longer than {self._agent.policy.timeout_s:g} s.")

    async def _run(self) -> End:
        """Whatever the agent raises becomes the attempt's end."""
        job_id = self._context.job_id
        try:
            await self._sink.gate()
            self.has_begun = True
            result = await run_agent(self._agent, self._context)
            await self._context.finish()
            await self._sink.finish()
            return Ending(JobCompleted, {"result": plain_result(result), "usage": self._context.usage})
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001  also `sys.exit()`: the agent's code ends the job, not the worker
            return Failure(error, _said_of(error, job_id))


def _said_of(error: BaseException, job_id: str) -> Ending:
    """The words of an error of ours; any other is for the log."""
    info = shown_of(error)
    if info is None:
        _log.error("agent_raised", job=job_id, exc_info=error)
        info = hidden_of(error)
    else:
        _log.warning("agent_failed", job=job_id, code=info.code, error=info.message)
    return Ending(JobFailed, {"error": info})
