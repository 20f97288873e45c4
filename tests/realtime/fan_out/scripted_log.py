"""A job's log and its writer without Redis: epochs, compaction, and a failover that loses the end."""

import asyncio
from collections.abc import Callable
from typing import Any, Final, TypeVar

import msgspec
from redis.exceptions import ConnectionError as RedisConnectionError

from shared_events.answers import LogTail, Meta, Whole
from shared_events.checkpoint import EpochStart, Reach
from shared_events.errors import UnknownJob
from shared_events.events import (
    Event,
    JobSnapshot,
    JobStatus,
    JobStatusChanged,
    decode_event,
    encode_event,
    status_after,
)
from shared_events.fold import JobView, fold
from shared_events.ids import Epoch, JobId

JOB: Final = JobId("0123456789abcdefghij")
T = TypeVar("T")


class State(msgspec.Struct, frozen=True):
    """What Redis has of the job. `history`: all events ever, of which the log holds those from `first`."""

    epochs: tuple[EpochStart, ...]
    history: tuple[bytes, ...] = ()
    first: int = 1
    base: bytes | None = None

    @property
    def head(self) -> int:
        return len(self.history)

    @property
    def closed(self) -> bool:
        return bool(self.history) and decode_event(self.history[-1]).status_after is not None

    @property
    def meta(self) -> Meta:
        status = next(filter(None, map(status_after, reversed(self.history))), JobStatus.QUEUED)
        return Meta(
            epoch=self.epochs[-1].epoch,
            epochs=self.epochs,
            head=self.head,
            first=self.first,
            status=status,
            attempt=1,
            agent="chat",
            owner="dev",
            created_ms=1,
            closed=self.closed,
        )


class Shown(msgspec.Struct, frozen=True):
    """What a follower shows that has got as far as a position."""

    text: str
    status: JobStatus
    progress: float | None


class ScriptedLog:
    """Stands in for `JobLog`; a call is answered when the test says so, with what there was at its look."""

    def __init__(self) -> None:
        self.state: State | None = State((EpochStart(epoch(1), 1),))
        self.calls: list[Call] = []
        self.reads = 0
        self.shown: dict[tuple[str, int], Shown] = {}
        self._replica = self.now
        self._said = self.now.history
        self._claims = 1

    @property
    def now(self) -> State:
        assert self.state is not None
        return self.state

    # The writer.

    def say(self, *made: Callable[[int, JobView], Event]) -> bytes:
        """Append as many new events, or of those again that a failover has lost; returns the bus message.

        Each of `made` gets the sequence and the job as it is by then.
        """
        begin = self.now.head + 1
        events = list(self._said[begin - 1 :][: len(made)])
        if not events:
            view = self.view()
            for make in made:
                event = make(view.sequence + 1, view)
                view.receive(event)
                events.append(encode_event(event))
            self._said += tuple(events)
        self._append(events)
        return self.message(begin, events)

    def message(self, begin: int, events: list[bytes]) -> bytes:
        heading = f"{self.now.epochs[-1].epoch} {begin} {len(events)}\n".encode()
        return heading + b"\n".join(events)

    def take_over(self) -> None:
        """A new writer, which has said nothing yet: its first event is its status."""
        self._claims += 1
        claim = EpochStart(epoch(self._claims), self.now.head + 1)
        self.state = msgspec.structs.replace(self.now, epochs=(*self.now.epochs, claim))
        self._said = self.now.history

    def begins(self, sequence: int, _view: JobView) -> Event:
        """What a writer says first."""
        return JobStatusChanged(
            job_id=JOB,
            sequence=sequence,
            timestamp=1,
            status=JobStatus.RUNNING,
            attempt=1,
            epoch=self.now.epochs[-1].epoch,
        )

    @property
    def has_begun(self) -> bool:
        """Whether the present writer has said anything."""
        return self.now.head >= self.now.epochs[-1].first or len(self._said) > self.now.head

    @property
    def lost(self) -> int:
        """Events that the present writer has to say again."""
        return len(self._said) - self.now.head

    # What happens to it.

    def replicate(self) -> None:
        self._replica = self.now

    def fail_over(self) -> None:
        """What was written since it was replicated is lost. A writer whose claim is lost is replaced."""
        writer = self.now.epochs[-1]
        self.state = self._replica
        if self.now.epochs[-1] != writer:
            self.take_over()

    def compact(self, upto: int, keep_from: int) -> None:
        base = fold(JOB, map(decode_event, self.now.history[:upto])).snapshot(reset=False)
        first = max(self.now.first, keep_from)
        self.state = msgspec.structs.replace(self.now, base=msgspec.json.encode(base), first=first)

    def view(self) -> JobView:
        return fold(JOB, map(decode_event, self.now.history))

    # The reader.

    async def read_after(self, _job_id: JobId, sequence: int) -> LogTail:
        def look() -> LogTail:
            state = self._existing()
            begin = max(sequence + 1, state.first)
            return LogTail(state.meta, list(state.history[begin - 1 :]))

        return await self._call(look)

    async def whole(self, _job_id: JobId) -> Whole:
        def look() -> Whole:
            state = self._existing()
            return Whole(state.meta, state.base, list(state.history[state.first - 1 :]))

        return await self._call(look)

    async def heads(self, job_ids: list[JobId]) -> list[tuple[Epoch, int] | None]:
        def look() -> list[tuple[Epoch, int] | None]:
            if self.state is None:
                return [None for _ in job_ids]
            reach = Reach(epochs=self.state.epochs, first=1, head=self.state.head)
            return [(reach.wrote, reach.head) for _ in job_ids]

        return await self._call(look)

    async def _call(self, look: Callable[[], T]) -> T:
        self.reads += 1
        call = Call(look)
        self.calls.append(call)
        answer: T = await call.answer
        return answer

    def _existing(self) -> State:
        if self.state is None:
            raise UnknownJob("There is no such job.")
        return self.state

    def _append(self, events: list[bytes]) -> None:
        state = self.now
        view = self.view()
        for event in events:
            view.receive(decode_event(event))
            self.shown[state.epochs[-1].epoch, view.sequence] = shown(view)
        self.state = msgspec.structs.replace(state, history=(*state.history, *events))


class Call:
    """One command to Redis: `look` is when Redis does it, `deliver` when the answer is there."""

    def __init__(self, look: Callable[[], Any]) -> None:
        self.answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._look = look
        self._seen: Any = None

    def look(self) -> None:
        if self._seen is None:
            try:
                self._seen = self._look()
            except UnknownJob as error:
                self._seen = error

    def deliver(self) -> None:
        self.look()
        if self.answer.done():
            return
        if isinstance(self._seen, Exception):
            self.answer.set_exception(self._seen)
        else:
            self.answer.set_result(self._seen)

    def fail(self) -> None:
        if not self.answer.done():
            self.answer.set_exception(RedisConnectionError("cut"))


def epoch(number: int) -> Epoch:
    return Epoch(f"epoch{number:07}")


def shown(view: JobView | JobSnapshot) -> Shown:
    return Shown(view.text, view.status, view.progress)
