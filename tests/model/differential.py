"""The same random commands for the pure log and the real one: every answer and every trace must agree."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

import msgspec
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from shared_events.answers import Answer, Meta, Rest
from shared_events.errors import UnknownJob
from shared_events.events import JobSnapshot, JobStatus
from shared_events.ids import Epoch, JobId
from tests.making import chunk, encoded, failed, status
from tests.model.dice import Dice
from tests.model.met import Met
from tests.model.model_server import ModelServer
from tests.model.server import Server
from tests.model.stored import RUN_OUT

_ANSWERED = frozenset(
    {"create", "start", "take", "settle", "bury", "remake", "append", "renew", "compact", "request"}
)

JOB = JobId("differential00000001")
EPOCHS = [Epoch(f"epoch{number:07}") for number in range(12)]

_COMMANDS: Final = (
    ("append",) * 4 + ("claim",) * 3 + ("bury", "remake", "renew", "compact", "request", "storm")
)
_MODES: Final = ("create", "start", "start", "start", "take", "settle")
_OFFSETS: Final = (-2, -1, 0, 0, 0, 0, 1)
_SIZES: Final = (1, 1, 40, 300)
_AFTERS: Final = (None,) * 6 + (JobStatus.RUNNING,) * 3 + (JobStatus.FAILED,)
_RESTS: Final = (Rest.GOES_ON, Rest.GOES_ON, Rest.WAITS, Rest.RETURNS)
_STORMS: Final = ("replicate", "replicate", "fail over", "lose", "run out")


class Differential(RuleBasedStateMachine):
    """Give a subclass the `real` server and a `met`."""

    real: ClassVar[Server]
    met: ClassVar[Met]

    def __init__(self) -> None:
        super().__init__()
        self._times: Counter[int] = Counter()
        self._servers: list[Server] = [ModelServer(), self.real]
        for server in self._servers:
            server.lose(JOB)
            server.replicate(JOB)
            server.published()

    @initialize(epoch=st.sampled_from(EPOCHS))
    def begin(self, epoch: Epoch) -> None:
        self._both(
            "create", JOB, epoch, {"agent": "chat", "owner": "dev", "publisher": "known"}, request=b"asked"
        )

    @rule(seed=st.integers(0, 2**20 - 1))
    def step(self, seed: int) -> None:
        self._times[seed] += 1
        dice = Dice(seed, self._times[seed])
        commands = {
            "append": self._append,
            "claim": self._claim,
            "bury": self._bury,
            "remake": self._remake,
            "renew": self._renew,
            "compact": self._compact,
            "request": self._request,
            "storm": self._storm,
        }
        try:
            commands[dice.pick("command", _COMMANDS)](dice)
        finally:
            note(f"  {dice.shown}")

    @invariant()
    def they_hold_the_same(self) -> None:
        self._both("read_after", JOB, max(0, self._head - 2))
        self._both("read_after", JOB, 0)
        self._both("whole", JOB)
        self._both("view", JOB)
        self._both("heads", [JOB])
        self._both("looks", [JOB])
        self._both("assignment", JOB)
        model, real = (server.published() for server in self._servers)
        assert model == real, f"the model publishes {model}, the server {real}"

    def _claim(self, dice: Dice) -> None:
        epoch = dice.pick("epoch", EPOCHS)
        if dice.pick("ran out", (True, False, False)):
            self._each(lambda server: server.run_out(JOB))
        match dice.pick("mode", _MODES):
            case "create":
                self._both("create", JOB, epoch, {"agent": "chat"}, request=b"asked otherwise")
            case "start":
                self._both("start", JOB, epoch, {"worker": "one", "attempts": "3"})
            case "take":
                publisher = dice.pick("publisher", ("known", "known", "stranger"))
                self._both("take", JOB, epoch, {"worker": "two"}, publisher=publisher)
            case "settle":
                self._both("settle", JOB, epoch)

    def _bury(self, dice: Dice) -> None:
        """The lease has run out; it may be renewed before the burial."""
        self._each(lambda server: server.run_out(JOB))
        if dice.pick("renewed", (True, False, False)):
            self._both("renew", JOB, self._writer(dice))
        self._both("bury", JOB, dice.pick("epoch", EPOCHS), str(RUN_OUT))

    def _remake(self, dice: Dice) -> None:
        owner = self._writer(dice) if self._meta else ""
        fields = {"owner": "dev", "attempt": "2"}
        self._both("remake", JOB, dice.pick("epoch", EPOCHS), fields, owner=owner, request=b"asked again")

    def _append(self, dice: Dice) -> None:
        epoch, after = self._writer(dice), dice.pick("after", _AFTERS)
        previous = max(0, self._head + dice.pick("offset", _OFFSETS))
        sizes = dice.picks("sizes", _SIZES, most=3)
        events = encoded(*[chunk(JOB, number, "x" * size) for number, size in enumerate(sizes, previous + 1)])
        if after is JobStatus.RUNNING:
            events += encoded(status(JOB, previous + len(events) + 1, epoch, after))
        elif after is JobStatus.FAILED:
            events += encoded(failed(JOB, previous + len(events) + 1))
        rest = dice.pick("rest", _RESTS)
        self._both("append", JOB, epoch=epoch, previous=previous, events=events, status=after, rest=rest)

    def _renew(self, dice: Dice) -> None:
        self._both("renew", JOB, self._writer(dice))

    def _compact(self, dice: Dice) -> None:
        epoch, sequence = self._writer(dice), max(0, self._head - dice.pick("back", range(-1, 4)))
        base = JobSnapshot(
            job_id=JOB,
            epoch=epoch,
            sequence=sequence,
            reset=False,
            text="base",
            status=JobStatus.RUNNING,
            attempt=1,
        )
        keep_from = max(1, sequence + 1 - dice.pick("kept", range(4)))
        self._both("compact", JOB, epoch, base, keep_from=keep_from)

    def _request(self, dice: Dice) -> None:
        what = dice.pick("what", ("pause", "resume", "cancel"))
        wish = msgspec.json.encode({"request": what, "reason": dice.pick("reason", "aü")})
        self._both("request", JOB, wish, cancels=what == "cancel")

    def _storm(self, dice: Dice) -> None:
        match dice.pick("storm", _STORMS):
            case "replicate":
                self._each(lambda server: server.replicate(JOB))
            case "fail over":
                self._each(lambda server: server.fail_over(JOB))
            case "lose":
                self._each(lambda server: server.lose(JOB))
            case "run out":
                self._each(lambda server: server.run_out(JOB))

    def _each(self, act: Callable[[Server], None]) -> None:
        for server in self._servers:
            act(server)

    def _both(self, name: str, *values: Any, **named: Any) -> None:
        model, real = (_answer(server, name, values, named) for server in self._servers)
        assert model == real, f"{name}: the model answers {model}, the server {real}"
        self.met.note(f"{name} {getattr(real, 'answer', real)}" if name in _ANSWERED else name)

    @property
    def _meta(self) -> Meta | None:
        answer = _answer(self._servers[0], "meta", (JOB,), {})
        return answer if isinstance(answer, Meta) else None

    @property
    def _head(self) -> int:
        return self._meta.head if self._meta else 0

    def _writer(self, dice: Dice) -> Epoch:
        """As a rule the log's own, if there is a log."""
        owns, stranger = dice.pick("owns", (True, True, True, False)), dice.pick("writer", EPOCHS)
        return self._meta.epoch if owns and self._meta else stranger


def _answer(server: Server, name: str, values: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """What can be compared: without moments, and a view as its snapshot."""
    try:
        answer = server.run(getattr(server.log, name)(*values, **named))
    except UnknownJob:
        return UnknownJob
    return _COMPARABLE.get(name, lambda given: given)(answer)


_COMPARABLE: Final[Mapping[str, Callable[[Any], Any]]] = {
    "looks": lambda looks: [look and msgspec.structs.replace(look, lease="") for look in looks],
    "view": lambda view: view.snapshot(reset=False),
    "meta": lambda meta: msgspec.structs.replace(meta, created_ms=0),
    "read_after": lambda tail: (tail.events, msgspec.structs.replace(tail.meta, created_ms=0)),
    "whole": lambda whole: (whole.base, whole.events, msgspec.structs.replace(whole.meta, created_ms=0)),
    "compact": Answer,
}
