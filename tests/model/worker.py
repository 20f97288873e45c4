"""A worker process: a real attempt whose agent says what the model tells it to say."""

import asyncio
from enum import Enum
from typing import Any, cast

from agents import Agent, BackendRejected, BackendUnavailable, JobContext, Policy, Retry
from shared_events.contract import JobRequest
from shared_events.log import JobLog
from tests.model.network import Network, Process
from tests.model.renewals import Renewals
from tests.model.virtual_time import VirtualLoop
from tests.model.witness import RemoteLog, Witness
from workers.attempt import Attempt, Tools
from workers.outcome import Ended, NotOurs, Outcome

_AGENT = "scripted"


class Finish(Enum):
    """How an agent ends."""

    WELL = "well"
    RETRYABLY = "with an error after which it may be tried again"
    FOR_GOOD = "with an error after which it may not"


class Worker:
    """Starts its attempt at once. `output` is what its agent has published, as a reader should have it."""

    def __init__(self, loop: VirtualLoop, network: Network, witness: Witness, *, continues: bool) -> None:
        self.process = Process("worker")
        self.found: str | None = None
        """The text that earlier attempts had left; None before its agent has begun."""
        self.output = ""
        self.said = 0
        """How many words its agent has begun to publish."""
        self.pause: tuple[int, int] | None = None
        """How much it had said when it was found paused, and how often anybody had asked for anything."""
        self.is_through = False
        """Whether its agent has come to a good end."""
        self.continues = continues
        self._loop = loop
        self._words: asyncio.Queue[str | float | Finish] = asyncio.Queue()
        remote = RemoteLog(witness, network, self.process)
        self.renewals = Renewals(loop, remote)
        policy = Policy(retry=Retry(attempts=3), on_retry="continue" if continues else "restart")
        agent = Agent(_AGENT, "", dict[str, Any], self._speak, policy=policy)
        tools = Tools(log=cast("JobLog", remote), agents={_AGENT: agent}, backends={}, leases=self.renewals)
        request = JobRequest(job_id=witness.job_id, agent=_AGENT, input={}, owner="dev")
        self._attempt = Attempt(tools, request)
        self._task: asyncio.Task[Outcome] = loop.create_task(self._attempt.run())

    @property
    def works(self) -> bool:
        return self.process.runs and not self._task.done()

    @property
    def is_paused(self) -> bool:
        return self.works and self._attempt.control.pause.paused

    @property
    def outcome(self) -> Outcome | None:
        """None if it has none: it works, was killed, or could say nothing more. Raises what `run` raised."""
        return self._task.result() if self._task.done() and self.process.alive else None

    @property
    def reports_end(self) -> bool:
        """Whether it is done, and says that it has ended the job."""
        return isinstance(self.outcome, Ended)

    @property
    def gave_up(self) -> bool:
        """Whether it had begun, and says that another has the job."""
        return self.found is not None and isinstance(self.outcome, NotOurs)

    def say(self, text: str) -> None:
        self._words.put_nowait(text)

    def repeat(self, text: str) -> None:
        """Say `text`, in two pieces that no earlier attempt has cut like this."""
        middle = len(text) // 2 + 1
        for piece in (text[:middle], text[middle:]):
            if piece:
                self.say(piece)

    def progress(self, percent: float) -> None:
        self._words.put_nowait(percent)

    def finish(self, how: Finish = Finish.WELL) -> None:
        self._words.put_nowait(how)

    def hand_back(self) -> None:
        """As SIGTERM does it when the time to drain is over."""
        self._loop.do(lambda: self._attempt.control.hand_back("The model stopped the worker."))

    def kill(self) -> None:
        """Nothing that it does from now on reaches anybody."""
        self.process.alive = False
        self._task.cancel()

    async def _speak(self, job: JobContext[Any]) -> None:
        self.found = job.partial
        self.output = job.partial if self.continues else ""
        while not isinstance(word := await self._words.get(), Finish):
            if isinstance(word, str):
                self.output += word
                self.said += 1
                # Past the context: it would measure the pace of the chunks, and their size would vary.
                await job._sink.chunk(word, None)
            else:
                await job.progress(word)
        if word is Finish.RETRYABLY:
            raise BackendUnavailable("The model failed the agent.")
        if word is Finish.FOR_GOOD:
            raise BackendRejected("The model failed the agent for good.")
        self.is_through = True
