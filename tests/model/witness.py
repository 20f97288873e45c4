"""The only way to the server: it tells the history of every command, counts answers, and feeds the buses."""

from collections.abc import Callable
from itertools import dropwhile
from typing import Any, Final, NamedTuple

from shared_events.answers import Answer, Appended, Claimed, Look, Meta, Requested, Rest
from shared_events.checkpoint import Checkpoint, Delta, resume
from shared_events.errors import UnknownJob
from shared_events.events import ends_job
from shared_events.ids import Epoch, JobId
from tests.model.history import History
from tests.model.met import Met
from tests.model.network import Network, Process
from tests.model.server import Server

_CLAIMS: Final = frozenset({"create", "start", "take", "settle", "bury", "remake"})
_REPLACES: Final = _CLAIMS | {"compact"}
_CHANGES: Final = _REPLACES | {"append"}


class Claim(NamedTuple):
    """That the log was given to `process`, to write it as `epoch`; `how` is a method of the log."""

    epoch: Epoch
    how: str
    process: Process


class Witness:
    """Performs commands for everybody."""

    def __init__(self, server: Server, job_id: JobId, met: Met) -> None:
        self.server = server
        self.job_id = job_id
        self.history = History(job_id)
        self.claims: list[Claim] = []
        self.had_ended = False
        """Whether there was an end, be it lost since."""
        self.was_gone = False
        """Whether there was a time without a log."""
        self.losses = 0
        """How often the server has, or may have, lost something."""
        self._stands: Meta | None = None
        """As `meta`, for those who cannot ask the server: whatever runs in the loop."""
        self.on_published: Callable[[bytes], None] = lambda _message: None
        self._met = met

    def do(self, process: Process, name: str, *values: Any, **named: Any) -> Any:
        """The server's answer to `JobLog.<name>`."""
        before = self.meta() if name in _REPLACES else None
        if name == "append":
            self.history.wrote(named["epoch"], named["previous"], list(named["events"]))
        answer = self.server.run(getattr(self.server.log, name)(*values, **named))
        if name in _CLAIMS and answer.answer is Answer.OK:
            self._claimed(Claim(values[1], name, process), answer, before)
        if isinstance(answer, (Appended, Claimed, Requested)):
            self._met.note(f"{name} {answer.answer}")
        if name == "append" and answer.answer is Answer.OK:
            self._note_words(named)
        if name == "compact" and answer is Answer.OK and before is not None:
            self._met.note("compactions", int(named["keep_from"] > before.first))
        if name in _CHANGES:
            self._stands = self.meta()
        for message in self.server.published():
            self.on_published(message)
        return answer

    def look(self) -> Look | None:
        """What a sweeper would see."""
        (look,) = self.server.run(self.server.log.looks([self.job_id]))
        return look

    def meta(self) -> Meta | None:
        """What the log says about itself, or None if there is none."""
        try:
            return self.server.run(self.server.log.meta(self.job_id))
        except UnknownJob:
            return None

    def replicate(self) -> None:
        self.server.replicate(self.job_id)

    def goes_on_from(self, checkpoint: Checkpoint | None) -> bool:
        """Whether nobody need be reset who holds `checkpoint`."""
        stands = self._stands
        return stands is not None and isinstance(resume(checkpoint, stands.reach), Delta)

    def fail_over(self) -> None:
        self.losses += 1
        before = self.meta()
        self.server.fail_over(self.job_id)
        self._stands = self.meta()
        self._note_loss(before, self._stands)

    def lose(self) -> None:
        self.losses += 1
        self.server.lose(self.job_id)
        self._stands = None
        self.was_gone = True
        self._met.note("logs lost")

    def claims_since(self, process: Process) -> list[Claim]:
        """What others have claimed after the first claim of `process`."""
        first = next(n for n, claim in enumerate(self.claims) if claim.process is process)
        return [claim for claim in self.claims[first:] if claim.process is not process]

    def claim_of(self, epoch: Epoch) -> Claim:
        return next(claim for claim in self.claims if claim.epoch == epoch)

    def _claimed(self, claim: Claim, answer: Claimed, before: Meta | None) -> None:
        self.history.claimed(claim.epoch, answer.head, before=before.epoch if before else None)
        self._met.note("take-backs", int(claim.how == "remake" and before is not None))
        if before is None or before.epoch != claim.epoch:
            self.claims.append(claim)
        if claim.epoch not in claim.process.epochs:
            claim.process.epochs.append(claim.epoch)
        if claim.how == "remake":
            self._check_not_buried(claim)

    def _check_not_buried(self, claim: Claim) -> None:
        """Whoever was buried may make a lost log anew, but not go on in one that knows of the burial."""
        lineage = [self.claim_of(start.epoch) for start in self.history.lineage(claim.epoch)[:-1]]
        since = dropwhile(lambda one: one.process is not claim.process, lineage)
        assert all(one.how != "bury" for one in since), f"{claim.epoch} was buried, and takes the job back"

    def _note_words(self, named: dict[str, Any]) -> None:
        self._met.note(f"said to be {named['status']}", int(named["status"] is not None))
        self._met.note(f"attempts that rest: {named.get('rest', '')}", int(bool(named.get("rest"))))

    def _note_loss(self, before: Meta | None, after: Meta | None) -> None:
        self.was_gone = self.was_gone or after is None
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
        process, witness = self._process, self._witness
        answer = witness.do(process, name, *values, **named)
        if name == "append" and answer.answer is Answer.OK:
            witness.had_ended = witness.had_ended or ends_job(list(named["events"]))
            process.has_ended_job = process.has_ended_job or ends_job(list(named["events"]))
            process.has_rested = process.has_rested or named["rest"] is not Rest.GOES_ON
        if name == "request" and process.asked is None:
            process.asked, process.asked_at = answer, len(witness.claims)
        return answer

    async def aclose(self) -> None:
        """There is nothing to close."""
