"""The only way to the server: it tells the history of every command, counts answers, and feeds the buses."""

from collections.abc import Callable
from typing import Any

from shared_events.errors import UnknownJob
from shared_events.events import ends_job
from shared_events.ids import Epoch, JobId
from shared_events.log import Answer, Appended, Claimed, Meta
from tests.model.history import History
from tests.model.met import Met
from tests.model.network import Network, Process
from tests.model.server import Server

_CLAIMS = frozenset({"create", "claim", "reclaim"})
_REPLACES = _CLAIMS | {"compact"}


class Witness:
    """Performs commands for everybody."""

    def __init__(self, server: Server, job_id: JobId, met: Met) -> None:
        self.server = server
        self.job_id = job_id
        self.history = History(job_id)
        self.on_published: Callable[[bytes], None] = lambda _message: None
        self._met = met

    def do(self, name: str, *values: Any, **named: Any) -> Any:
        """The server's answer to `JobLog.<name>`."""
        before = self.meta() if name in _REPLACES else None
        if name == "append":
            self.history.wrote(named["epoch"], named["previous"], list(named["events"]))
        answer = self.server.run(getattr(self.server.log, name)(*values, **named))
        if name in _CLAIMS and answer.answer is Answer.OK:
            self._claimed(name, values[1], answer, before)
        if isinstance(answer, (Appended, Claimed)):
            self._met.note(f"{name} {answer.answer}")
        if name == "compact" and answer is Answer.OK and before is not None:
            self._met.note("compactions", int(named["keep_from"] > before.first))
        for message in self.server.published():
            self.on_published(message)
        return answer

    def meta(self) -> Meta | None:
        """What the log says about itself, or None if there is none."""
        try:
            return self.server.run(self.server.log.meta(self.job_id))
        except UnknownJob:
            return None

    def replicate(self) -> None:
        self.server.replicate(self.job_id)

    def fail_over(self) -> None:
        before = self.meta()
        self.server.fail_over(self.job_id)
        self._note_loss(before, self.meta())

    def lose(self) -> None:
        self.server.lose(self.job_id)
        self._met.note("logs lost")

    def _claimed(self, name: str, epoch: Epoch, answer: Claimed, before: Meta | None) -> None:
        self.history.claimed(epoch, answer.head, before=before.epoch if before else None)
        self._met.note("rewrites", int(name == "reclaim"))

    def _note_loss(self, before: Meta | None, after: Meta | None) -> None:
        if before is None:
            return
        self._met.note("failovers that lost events", int(after is None or after.head < before.head))
        self._met.note("failovers that lost a claim", int(after is None or after.epoch != before.epoch))
        self._met.note("failovers that lost an end", int(before.closed and not (after and after.closed)))


class RemoteLog:
    """`JobLog` as a process has it: every command is a call of the network."""

    def __init__(self, witness: Witness, network: Network, process: Process) -> None:
        self._witness = witness
        self._network = network
        self._process = process

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*values: Any, **named: Any) -> Any:
            return self._network.send(self._process, name, lambda: self._do(name, *values, **named))

        return call

    def _do(self, name: str, *values: Any, **named: Any) -> Any:
        answer = self._witness.do(name, *values, **named)
        if name == "append" and answer.answer is Answer.OK and ends_job(list(named["events"])):
            self._process.has_ended_job = True
        return answer

    async def aclose(self) -> None:
        """There is nothing to close."""
