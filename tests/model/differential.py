"""The same random commands for the pure log and the real one: every answer and every trace must agree."""

from typing import Any, ClassVar

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from shared_events.errors import UnknownJob
from shared_events.events import JobSnapshot, JobStatus
from shared_events.ids import Epoch, JobId
from shared_events.log import Answer, Meta
from tests.making import chunk, encoded, failed, status
from tests.model.met import Met
from tests.model.model_server import ModelServer
from tests.model.server import Server

_ANSWERED = frozenset({"create", "claim", "reclaim", "append", "compact", "request"})

JOB = JobId("differential00000001")
EPOCHS = [Epoch(f"epoch{number:07}") for number in range(12)]

epochs = st.sampled_from(EPOCHS)
After = JobStatus | None

by_owner = st.sampled_from([True, True, True, False])
"""Whether a command names the log's own epoch, if there is one."""
offsets = st.sampled_from([-2, -1, 0, 0, 0, 0, 1, 2])
sizes = st.lists(st.sampled_from([1, 1, 40, 300]), max_size=3)
statuses = st.sampled_from([None, None, None, JobStatus.RUNNING, JobStatus.FAILED])


class Differential(RuleBasedStateMachine):
    """Give a subclass the `real` server and a `met`."""

    real: ClassVar[Server]
    met: ClassVar[Met]

    def __init__(self) -> None:
        super().__init__()
        self._servers: list[Server] = [ModelServer(), self.real]
        for server in self._servers:
            server.lose(JOB)
            server.replicate(JOB)
            server.published()

    @initialize(epoch=epochs)
    def begin(self, epoch: Epoch) -> None:
        self._both("create", JOB, epoch, {"agent": "chat", "owner": "dev"})

    @rule(epoch=epochs)
    def create(self, epoch: Epoch) -> None:
        self._both("create", JOB, epoch, {"agent": "chat"})

    @rule(epoch=epochs, new_attempt=st.booleans())
    def claim(self, epoch: Epoch, new_attempt: bool) -> None:
        self._both("claim", JOB, epoch, new_attempt=new_attempt)

    @rule(epoch=epochs)
    def reclaim(self, epoch: Epoch) -> None:
        self._both("reclaim", JOB, epoch, {"owner": "dev"})

    @rule(epoch=epochs, owns=by_owner, offset=offsets, sizes=sizes, after=statuses)
    def append(self, epoch: Epoch, owns: bool, offset: int, sizes: list[int], after: After) -> None:
        previous = max(0, self._head + offset)
        events = encoded(*[chunk(JOB, number, "x" * size) for number, size in enumerate(sizes, previous + 1)])
        if after is JobStatus.RUNNING:
            events += encoded(status(JOB, previous + len(events) + 1, epoch, after))
        elif after is JobStatus.FAILED:
            events += encoded(failed(JOB, previous + len(events) + 1))
        epoch = self._owner(epoch, owns)
        self._both("append", JOB, epoch=epoch, previous=previous, events=events, status=after)

    @rule(epoch=epochs, owns=by_owner, back=st.integers(-1, 3), kept=st.integers(0, 3))
    def compact(self, epoch: Epoch, owns: bool, back: int, kept: int) -> None:
        sequence = max(0, self._head - back)
        base = JobSnapshot(
            job_id=JOB,
            epoch=epoch,
            sequence=sequence,
            reset=False,
            text="base",
            status=JobStatus.RUNNING,
            attempt=1,
        )
        keep_from = max(1, sequence + 1 - kept)
        self._both("compact", JOB, self._owner(epoch, owns), base, keep_from=keep_from)

    @rule(reason=st.sampled_from(["a", "ü"]))
    def request(self, reason: str) -> None:
        self._both("request", JOB, msgspec.json.encode({"request": "cancel", "reason": reason}))

    @rule(what=st.sampled_from(["replicate", "replicate", "fail over", "lose"]))
    def storm(self, what: str) -> None:
        for server in self._servers:
            match what:
                case "replicate":
                    server.replicate(JOB)
                case "fail over":
                    server.fail_over(JOB)
                case "lose":
                    server.lose(JOB)

    @invariant()
    def they_hold_the_same(self) -> None:
        self._both("read_after", JOB, max(0, self._head - 2))
        self._both("read_after", JOB, 0)
        self._both("view", JOB)
        self._both("heads", [JOB])
        model, real = (server.published() for server in self._servers)
        assert model == real, f"the model publishes {model}, the server {real}"

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

    def _owner(self, epoch: Epoch, owns: bool) -> Epoch:
        return self._meta.epoch if owns and self._meta else epoch


def _answer(server: Server, name: str, values: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """What can be compared: without the moment of the log's making, and a view as its snapshot."""
    try:
        answer = server.run(getattr(server.log, name)(*values, **named))
    except UnknownJob:
        return UnknownJob
    match name:
        case "view":
            return answer.snapshot(reset=False)
        case "meta":
            return msgspec.structs.replace(answer, created_ms=0)
        case "read_after":
            return answer.events, msgspec.structs.replace(answer.meta, created_ms=0)
        case "compact":
            return Answer(answer)
    return answer
