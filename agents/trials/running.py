"""Runs an agent on trial as a worker runs it, but without the log, the queue and the waiting."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from agents.backends.protocol import Backend, ChatRequest
from agents.context import JobContext
from agents.errors import InvalidInput
from agents.registry import Agent
from agents.trials.attempt import Ended, attempted
from agents.trials.recited import Answer, Recited
from agents.trials.sink import Interruptions, TrialSink
from agents.trials.trial import OnEvent, Trial
from agents.verdict import hidden_of, shown_of
from shared_events.contract import JobRequest
from shared_events.events import JobCancelled, JobCompleted, JobFailed, JobSnapshot, JobStatus
from shared_events.ids import new_epoch, new_job_id

TEST_S: Final = 30.0
"""So long an agent may take in a test, unless the test says otherwise."""


async def try_agent(  # noqa: PLR0913  each is something to try
    agent: Agent,
    input: Any = None,  # noqa: A002  the word of the API
    *,
    says: str | Sequence[Answer] | Callable[[ChatRequest], Answer] = (),
    backend: Backend | Sequence[Backend] | None = None,
    model: str | None = None,
    attempt: int = 1,
    partial: str = "",
    retries: bool = False,
    cancel_after: int | None = None,
    pause_after: int | None = None,
    raises: bool = True,
    timeout_s: float = TEST_S,
    on_event: OnEvent | None = None,
) -> Trial:
    """Run `agent` with `input`, and tell what its followers would have got.

    `says`: a model's answers, in turn; or `backend`: who is asked, the first of several by default.
    `attempt`, `partial`: as after attempts that failed and left that text. `retries`: after an error go on as
    the agent's policy says, at once. `cancel_after`, `pause_after`: after so many chunks of an attempt; a
    paused agent goes on once it waits. What the agent raises is raised, unless `raises` is False: then it is
    `Trial.error`. Raises `InvalidInput` and, after `timeout_s`, `TrialTimeout` in the same way, and
    `AgentStuck` for an agent that goes on although it was cancelled.
    """
    backends = _backends(says, backend)
    trial = Trial(new_job_id(), on_event)
    given = msgspec.to_builtins({} if input is None else input)
    request = JobRequest(job_id=trial.view.job_id, agent=agent.name, input=given, owner="dev", model=model)
    run = TrialRun(agent, request, backends, trial, timeout_s=min(timeout_s, agent.policy.timeout_s))
    run.interruptions = Interruptions(cancel_after, pause_after)
    await run.run(attempt, partial, retries=retries)
    trial.asked = [request for one in backends.values() if isinstance(one, Recited) for request in one.asked]
    if raises and trial.error is not None:
        raise trial.error
    return trial


class TrialRun:
    """Await `run` once."""

    def __init__(
        self,
        agent: Agent,
        request: JobRequest,
        backends: Mapping[str, Backend],
        trial: Trial,
        *,
        timeout_s: float,
    ) -> None:
        self.interruptions = Interruptions()
        self._agent = agent
        self._continues = agent.policy.on_retry == "continue"
        self._request = request
        self._backends = backends
        self._trial = trial
        self._timeout_s = timeout_s

    async def run(self, attempt: int = 1, partial: str = "", *, retries: bool = False) -> None:
        """All attempts from `attempt` on; the trial has the rest."""
        trial = self._trial
        if self._continues and partial:
            trial.view.receive_snapshot(_left(trial, attempt, partial))
        ended, sink = await self._attempt(attempt, partial)
        while retries and self._may_follow(ended, attempt):
            sink.say(JobStatus.RETRYING, str(ended.error))
            attempt += 1
            ended, sink = await self._attempt(attempt, trial.text)
        trial.error = ended.error
        self._put(ended)

    def _may_follow(self, ended: Ended, attempt: int) -> bool:
        retry = self._agent.policy.retry
        return ended.error is not None and attempt < retry.attempts and retry.is_retryable(ended.error)

    async def _attempt(self, number: int, partial: str) -> tuple[Ended, TrialSink]:
        sink = TrialSink(self._trial, number, self.interruptions)
        sink.begin()
        if self._trial.text and not self._continues:
            sink.take_back("", "retry")
        try:
            context = self._context(sink, number, partial)
        except InvalidInput as error:
            return Ended(error=error), sink
        try:
            return await attempted(self._agent, context, sink, self._timeout_s), sink
        except asyncio.CancelledError:
            self._put(Ended(cancelled=True))
            raise

    def _context(self, sink: TrialSink, number: int, partial: str) -> JobContext[Any]:
        return JobContext(
            request=self._request,
            input=self._agent.fitting(self._request.input),
            attempt=number,
            sink=sink,
            backends=self._backends,
            preferred=self._agent.policy.backends,
            partial=partial,
            continues=self._continues,
            deadline=datetime.now(UTC) + timedelta(seconds=self._timeout_s),
        )

    def _put(self, ended: Ended) -> None:
        if ended.cancelled:
            self._trial.record(JobCancelled)
        elif ended.error is not None:
            self._trial.record(JobFailed, error=shown_of(ended.error) or hidden_of(ended.error))
        else:
            self._trial.record(JobCompleted, result=ended.result, usage=ended.usage)


def _backends(
    says: str | Sequence[Answer] | Callable[[ChatRequest], Answer],
    backend: Backend | Sequence[Backend] | None,
) -> dict[str, Backend]:
    if backend is None:
        answers = says if isinstance(says, Sequence) and not isinstance(says, str) else [says]
        backend = Recited(*answers)
    elif says:
        raise ValueError("Give either what the model says, or the backend to ask.")
    given = backend if isinstance(backend, Sequence) else [backend]
    return {one.name: one for one in given}


def _left(trial: Trial, attempt: int, partial: str) -> JobSnapshot:
    """What followers hold of the attempts before."""
    return JobSnapshot(
        job_id=trial.view.job_id,
        epoch=new_epoch(),
        sequence=0,
        reset=True,
        text=partial,
        status=JobStatus.RETRYING,
        attempt=max(1, attempt - 1),
    )
