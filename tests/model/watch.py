"""Who reads along whatever a node sends on one connection."""

from shared_events.checkpoint import Checkpoint
from shared_events.events import Event, JobSnapshot
from shared_events.fold import JobView, Outcome
from shared_events.ids import Epoch, JobId
from tests.model.history import History
from tests.model.met import Met
from tests.model.packets import Answered, Request, is_ping, receive, restored, unpack


class Watch:
    """Folds what is sent as a client does that reads at once: it must never find a gap or a repetition."""

    def __init__(self, job_id: JobId, history: History, met: Met) -> None:
        self.shadow = JobView(job_id)
        self.resets = 0
        self._job_id = job_id
        self._history = history
        self._asked_for_all = True
        self._met = met
        self._requests: dict[int, Request] = {}
        self._known = 0

    def asked(self, request: Request) -> None:
        self._requests[request.number] = request

    def repeats(self, count: int) -> None:
        """The next so many packets have been seen: they wait for a poll, and now go another way."""
        self._known += count

    def sent(self, packet: str) -> None:
        if self._known:
            self._known -= 1
            return
        if is_ping(packet):
            assert packet[1:] == str(self.shadow.sequence), "events and a ping have overtaken each other"
            return
        match unpack(packet):
            case Answered() as answer:
                self._answered(self._requests.pop(answer.number), answer)
            case event:
                self._met.note("deliveries")
                self._met.note("merged chunks", int(getattr(event, "from_sequence", None) is not None))
                self._receive(event)

    def _answered(self, request: Request, answer: Answered) -> None:
        if answer.ok:
            self.shadow = restored(self._job_id, request.held)
            self._asked_for_all = request.checkpoint is None

    def _receive(self, event: Event | JobSnapshot) -> None:
        held = Checkpoint(self.shadow.sequence, Epoch(self.shadow.epoch))
        outcome = receive(self.shadow, event)
        if isinstance(event, JobSnapshot):
            self.resets += event.reset
            kept = event.reset or self._asked_for_all or self._keeps(held, event)
            assert kept, f"{held} was taken back by {event}, which does not say so"
            self._asked_for_all = False
        else:
            assert outcome is Outcome.APPLIED, f"sent a follower what is {outcome} to it: {event}"

    def _keeps(self, held: Checkpoint, snapshot: JobSnapshot) -> bool:
        return not held.sequence or self._history.contains(Epoch(snapshot.epoch), snapshot.sequence, held)
