"""The writer of one attempt: numbers its events, encodes each once and gets them into the log.

One append is in flight; what arrives meanwhile goes out as the next batch. So the first token leaves
at once, and a fast stream batches by itself. While the agent is silent `workers.leases` renews the
lease, and calls `look` when there is anything to look after.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final, TypeVar

import structlog
from redis.exceptions import RedisError

from shared_events.answers import Answer, Appended, Rest
from shared_events.compaction import Compaction, Cut, last_cut
from shared_events.errors import Fenced, JobClosed, UnknownJob
from shared_events.events import (
    ChunkMetadata,
    Event,
    JobProgress,
    JobStatus,
    JobStatusChanged,
    ModelChunk,
    now_ms,
)
from shared_events.fold import JobView
from shared_events.ids import Epoch, JobId, new_epoch
from shared_events.log import JobLog
from shared_events.pieces import TEXT_LIMIT_CHARACTERS, pieces
from workers.encoding import encoded
from workers.errors import OutputTooLarge
from workers.origin import Origin
from workers.outbox import BATCH_BYTES, Batch, Entry, Next, Outbox
from workers.persistence import persist
from workers.rewrite import events_of

UNSENT_LIMIT_BYTES: Final = 1024 * 1024
"""More than this waiting for the log slows the agent down."""

Reply = TypeVar("Reply")

_log = structlog.get_logger("writer")


class Writer:
    """Writes one job under one epoch. `run` must be a task of the owner until it returns."""

    def __init__(
        self,
        log: JobLog,
        job_id: JobId,
        epoch: Epoch,
        origin: Origin,
        *,
        on_answer: Callable[[Appended], None],
    ) -> None:
        self.job_id = job_id
        self.epoch = epoch
        self.view = origin.view
        self.heard_at = time.monotonic()
        """When the log last answered."""
        self._log = log
        self._origin = origin
        self._epochs = {epoch}
        self._on_answer = on_answer
        self._outbox = Outbox(origin.view.sequence)
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._looks = False
        self._last_rest = Rest.GOES_ON
        self._waits_for_room = False
        self._compaction = Compaction()

    @property
    def acknowledged(self) -> int:
        """The last sequence that is in the log."""
        return self._outbox.acknowledged

    @property
    def rests(self) -> bool:
        """Whether the last event is there, in the log or on its way."""
        return self._last_rest is not Rest.GOES_ON

    def status(self, status: JobStatus, *, attempt: int, reason: str | None = None) -> None:
        """Publish a status. It waits for nothing: there are few of them."""
        self._hold(JobStatusChanged, status=status, attempt=attempt, epoch=self.epoch, reason=reason)

    def rest(self, reason: str, rest: Rest) -> None:
        """The writer's last word: the job is to be tried again, by another."""
        self._hold(
            JobStatusChanged,
            rest,
            status=JobStatus.RETRYING,
            attempt=self.view.attempt,
            epoch=self.epoch,
            reason=reason,
        )

    def end(self, kind: type[Event], **fields: Any) -> None:
        """Publish the terminal event. Raises as `put`."""
        self._hold(kind, Rest.CLOSES, **fields)

    def give_up_unsent(self) -> None:
        """Redis has no room: drop what it did not take, the last event too, for an end that needs little."""
        self._outbox.discard_unsent()
        self._last_rest = Rest.GOES_ON
        self.view.sequence = self._outbox.last
        self.view.status = JobStatus.RUNNING
        self._waits_for_room = True
        self._room.set()

    async def chunk(self, text: str, metadata: ChunkMetadata | None) -> None:
        """Publish `text`, in pieces where it is long. Raises `OutputTooLarge`."""
        for piece in pieces(text):
            if self.view.text_length + len(piece) > TEXT_LIMIT_CHARACTERS:
                raise OutputTooLarge(
                    f"The text of a job may have {TEXT_LIMIT_CHARACTERS} characters at most."
                )
            await self.put(ModelChunk, chunk=piece, metadata=metadata)

    async def progress(self, percent: float, step: str | None, metadata: dict[str, Any] | None) -> None:
        await self.put(JobProgress, progress=percent, step=step, metadata=metadata)

    async def gate(self) -> None:
        """Returns at once: nothing pauses these jobs."""

    async def put(self, kind: type[Event], **fields: Any) -> None:
        """Number, encode and hold an event; waits while the log is too far behind.

        Raises `JobClosed` after the terminal event, `OutputTooLarge`, `UnencodableOutput`.
        """
        while self._outbox.unsent_bytes > UNSENT_LIMIT_BYTES:
            self._room.clear()
            await self._room.wait()
        self._hold(kind, **fields)
        if self._outbox.unsent_bytes > BATCH_BYTES:
            await asyncio.sleep(0)  # an agent that never waits must not keep the sender from its turn

    def look(self) -> None:
        """Ask the log how things stand, with an empty append."""
        self._looks = True
        self._news.set()

    def on_renewed(self, renewed: Appended) -> None:
        """What the log said when the lease was renewed beside this writer."""
        if renewed.answer is Answer.OK and renewed.head == self._outbox.acknowledged:
            self._on_answer(renewed)
        else:
            self.look()

    async def run(self) -> None:
        """Send until the writer's last event is in the log.

        Raises `Fenced` or `JobClosed` when another writer has the job, `LogUnavailable` after a long outage,
        `StorageFull` when Redis has had no room for long.
        """
        while not (self.rests and self._outbox.idle):
            await self._wait_for_news()
            batch = self._outbox.batch()
            appended = await self._persist(partial(self._append, batch))
            await self._settle(appended)
        await self._compact_end()

    def _hold(self, kind: type[Event], rest: Rest = Rest.GOES_ON, /, **fields: Any) -> None:
        event = kind(job_id=self.job_id, sequence=self._outbox.last + 1, timestamp=now_ms(), **fields)
        self._hold_event(event, rest)

    def _hold_event(self, event: Event, rest: Rest = Rest.GOES_ON) -> None:
        if self.rests:
            raise JobClosed("The attempt has ended: nothing can be published after its last event.")
        data = encoded(event)
        self.view.receive(event)
        status = event.status if isinstance(event, JobStatusChanged) else event.status_after
        self._outbox.put(Entry(data, status, rest))
        self._compaction.grow(len(data))
        self._last_rest = rest
        self._news.set()

    async def _wait_for_news(self) -> None:
        if self._outbox.idle and not self._looks:
            self._news.clear()
            await self._news.wait()
        self._looks = False

    async def _append(self, batch: Batch) -> Appended:
        return await self._log.append(
            self.job_id,
            epoch=self.epoch,
            previous=batch.previous,
            events=batch.events,
            status=batch.status,
            rest=batch.rest,
        )

    async def _settle(self, appended: Appended) -> None:
        self.heard_at = time.monotonic()
        match self._outbox.settle(appended.answer, appended.head):
            case Next.REWRITE:
                await self._rewrite(owner="")
            case Next.FENCED:
                await self._take_back()
            case Next.CLOSED:
                raise JobClosed(f"Job {self.job_id} has already ended.")
        if self._outbox.unsent_bytes <= UNSENT_LIMIT_BYTES:
            self._room.set()
        self._on_answer(appended)
        if not self.rests:
            await self._compact()

    async def _take_back(self) -> None:
        """Raises `Fenced`, unless Redis lost our claim: then an earlier writer owns the job."""
        try:
            owner = (await self._persist(lambda: self._log.meta(self.job_id))).epochs[-1]
        except UnknownJob:
            await self._rewrite(owner="")
            return
        # An epoch that begins elsewhere than we found it has taken the job since: its claim was repeated.
        if owner.epoch not in self._epochs and owner not in self._origin.predecessors:
            raise Fenced(f"Another writer owns job {self.job_id}.")
        await self._rewrite(owner=owner.epoch)

    async def _rewrite(self, *, owner: str) -> None:
        """The log lost more than can be replayed: everything anew under a new epoch."""
        epoch = new_epoch()
        self._epochs.add(epoch)
        fields = self._origin.fields | {"attempt": str(self.view.attempt)}
        remake = partial(
            self._log.remake, self.job_id, epoch, fields, owner=owner, request=self._origin.request
        )
        claimed = await self._persist(remake)
        if claimed.answer is Answer.CLOSED:
            raise JobClosed(f"Job {self.job_id} has already ended.")
        if claimed.answer is not Answer.OK:
            await self._take_back()
            return
        _log.warning("log_rewritten", job=self.job_id, head=claimed.head)
        self._begin_anew(epoch, claimed.head)

    def _begin_anew(self, epoch: Epoch, head: int) -> None:
        self.epoch = epoch
        last = self._last_rest
        events = events_of(self.view, epoch=epoch, after=head, timestamp=now_ms())
        self._outbox = Outbox(head)
        self.view = JobView(self.job_id)
        self.view.sequence = head
        self._compaction, self._last_rest = Compaction(head), Rest.GOES_ON
        for event in events[:-1]:
            self._hold_event(event)
        self._hold_event(events[-1], last)

    async def _compact(self) -> None:
        """Let a snapshot stand for the log's older part once its newer part has grown enough."""
        cut = self._compaction.due(self.view, self._outbox.acknowledged)
        if cut is not None:
            await self._persist(lambda: self._cut(cut))
            self._compaction.done(cut)

    async def _compact_end(self) -> None:
        cut = last_cut(self.view)
        if cut is None:
            return
        try:
            await self._cut(cut)
        except (RedisError, OSError, TimeoutError) as error:
            # The log is whole, only longer than it need be.
            _log.warning("log_not_compacted", job=self.job_id, error=str(error))

    async def _cut(self, cut: Cut) -> Answer:
        return await self._log.compact(self.job_id, self.epoch, cut.base, keep_from=cut.keep_from)

    async def _persist(self, command: Callable[[], Awaitable[Reply]]) -> Reply:
        return await persist(self.job_id, command, waits_for_room=self._waits_for_room)
