"""A worker process: a real attempt whose agent says what the model tells it to say."""

import asyncio
from typing import Any, cast

from agents import Agent, BackendUnavailable, JobContext
from shared_events.contract import JobRequest
from shared_events.events import JobStatus
from shared_events.log import JobLog
from tests.model.network import Network, Process
from tests.model.virtual_time import VirtualLoop
from tests.model.witness import RemoteLog, Witness
from workers.attempt import Attempt, Tools

_AGENT = "scripted"


class Worker:
    """Starts its attempt at once. `output` is all that its agent has published."""

    def __init__(self, loop: VirtualLoop, network: Network, witness: Witness) -> None:
        self.process = Process("worker")
        self.output = ""
        self._loop = loop
        self._words: asyncio.Queue[str | float | None] = asyncio.Queue()
        self._fails = False
        self.is_through = False
        """Whether its agent has come to a good end."""
        remote = cast("JobLog", RemoteLog(witness, network, self.process))
        agent = Agent(_AGENT, "", dict[str, Any], self._speak)
        request = JobRequest(job_id=witness.job_id, agent=_AGENT, input={}, owner="dev")
        self._attempt = Attempt(Tools(remote, {_AGENT: agent}, {}), request)
        self._task: asyncio.Task[JobStatus | None] = loop.create_task(self._attempt.run())

    @property
    def works(self) -> bool:
        return self.process.runs and not self._task.done()

    @property
    def reports_end(self) -> bool:
        """Whether it is done, and says that it has ended the job."""
        if not self._task.done() or self._task.cancelled() or self._task.exception() is not None:
            return False
        return self._task.result() is not None

    def say(self, text: str) -> None:
        self._words.put_nowait(text)

    def progress(self, percent: float) -> None:
        self._words.put_nowait(percent)

    def finish(self, *, fails: bool = False) -> None:
        self._fails = fails
        self._words.put_nowait(None)

    def stop(self) -> None:
        """As SIGTERM does it when the time to drain is over."""
        self._loop.do(lambda: self._attempt.stop("The model stopped the worker."))

    def kill(self) -> None:
        """Nothing that it does from now on reaches anybody."""
        self.process.alive = False
        self._task.cancel()

    async def _speak(self, job: JobContext[Any]) -> None:
        while (word := await self._words.get()) is not None:
            if isinstance(word, str):
                self.output += word
                # Past the context: it would measure the pace of the chunks, and their size would vary.
                await job._sink.chunk(word, None)
            else:
                await job.progress(word)
        if self._fails:
            raise BackendUnavailable("The model failed the agent.")
        self.is_through = True
