"""The writer of one attempt: numbers its events, encodes each once and gets them into the log.

One append is in flight; what arrives meanwhile goes out as the next batch. So the first token leaves
at once, and a fast stream batches by itself. While the agent is silent an empty append renews the
lease and asks what the users want of the job.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final, TypeVar

import structlog
from redis.exceptions import RedisError

from shared_events.errors import Fenced, JobClosed, LogUnavailable
from shared_events.events import (
    ChunkMetadata,
    Event,
    JobProgress,
    JobSnapshot,
    JobStatus,
    JobStatusChanged,
    ModelChunk,
    encode_event,
    now_ms,
)
from shared_events.fold import JobView
from shared_events.ids import Epoch, JobId, new_epoch
from shared_events.log import Answer, Appended, JobLog
from workers.errors import OutputTooLarge, UnencodableOutput
from workers.outbox import BATCH_BYTES, Batch, Entry, Next, Outbox
from workers.rewrite import events_of, pieces

RENEW_EVERY_S: Final = 0.5
"""How often a silent job asks the log for requests: a cancel reaches it within a second."""
UNSENT_LIMIT_BYTES: Final = 1024 * 1024
"""More than this waiting for the log slows the agent down."""
TEXT_LIMIT_CHARACTERS: Final = 16 * 1024 * 1024
EVENT_LIMIT_BYTES: Final = 1024 * 1024
COMPACT_BYTES: Final = 256 * 1024
"""The log is compacted when its tail has grown by this, and by the size of the last snapshot."""
OUTAGE_LIMIT_S: Final = 120.0
"""So long a writer tries to reach the log before it gives the job up."""

Reply = TypeVar("Reply")

_log = structlog.get_logger("writer")


class Writer:
    """Writes one job under one epoch. `run` must be a task of the owner until `finish` has returned."""

    def __init__(
        self,
        log: JobLog,
        job_id: JobId,
        epoch: Epoch,
        view: JobView,
        *,
        fields: dict[str, str],
        on_control: Callable[[str], None],
    ) -> None:
        self._log = log
        self._job_id = job_id
        self._epoch = epoch
        self._fields = fields
        self._on_control = on_control
        self._outbox = Outbox(view.sequence)
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._ended = asyncio.Event()
        self._base: JobSnapshot | None = None
        self._kept_from = 1
        self._uncompacted_bytes = 0
        self._compact_at = COMPACT_BYTES
        self.view = view

    async def status(self, status: JobStatus, *, attempt: int, reason: str | None = None) -> None:
        await self.put(JobStatusChanged, status=status, attempt=attempt, epoch=self._epoch, reason=reason)

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

    async def put(self, kind: type[Event], **fields: Any) -> None:
        """Number, encode and hold an event; waits while the log is too far behind.

        Raises `JobClosed` after the terminal event, `OutputTooLarge`, `UnencodableOutput`.
        """
        while self._outbox.unsent_bytes > UNSENT_LIMIT_BYTES:
            self._room.clear()
            await self._room.wait()
        self._hold(kind(job_id=self._job_id, sequence=self._outbox.last + 1, timestamp=now_ms(), **fields))
        if self._outbox.unsent_bytes > BATCH_BYTES:
            await asyncio.sleep(0)  # an agent that never waits must not keep the sender from its turn

    async def finish(self) -> None:
        """Wait until the terminal event is in the log."""
        await self._ended.wait()

    async def run(self) -> None:
        """Send until the terminal event is in the log.

        Raises `Fenced` or `JobClosed` when another writer has the job, `LogUnavailable` after a long outage.
        """
        while not self._ended.is_set():
            await self._wait_for_news()
            batch = self._outbox.batch()
            appended = await self._persist(partial(self._append, batch))
            await self._settle(appended)

    def _hold(self, event: Event) -> None:
        if self.view.ended:
            raise JobClosed("The job has ended: nothing can be published after its terminal event.")
        try:
            data = encode_event(event)
        except (TypeError, ValueError, RecursionError) as error:
            raise UnencodableOutput(f"{event.NAME} has a value that JSON cannot say: {error}.") from error
        if len(data) > EVENT_LIMIT_BYTES:
            raise OutputTooLarge(
                f"An event may have {EVENT_LIMIT_BYTES} bytes at most, this has {len(data)}."
            )
        self.view.receive(event)
        status = event.status if isinstance(event, JobStatusChanged) else event.status_after
        self._outbox.put(Entry(data, status))
        self._uncompacted_bytes += len(data)
        self._news.set()

    async def _wait_for_news(self) -> None:
        if not self._outbox.idle:
            return
        self._news.clear()
        # A silent job's empty append renews the lease. (`wait_for` would make a task for every token.)
        renewal = asyncio.get_running_loop().call_later(RENEW_EVERY_S, self._news.set)
        await self._news.wait()
        renewal.cancel()

    async def _append(self, batch: Batch) -> Appended:
        return await self._log.append(
            self._job_id,
            epoch=self._epoch,
            previous=batch.previous,
            events=batch.events,
            status=batch.status,
        )

    async def _settle(self, appended: Appended) -> None:
        match self._outbox.settle(appended.answer, appended.head):
            case Next.REWRITE:
                await self._rewrite()
            case Next.FENCED:
                raise Fenced(f"Another writer owns job {self._job_id}.")
            case Next.CLOSED:
                raise JobClosed(f"Job {self._job_id} has already ended.")
        if self._outbox.unsent_bytes <= UNSENT_LIMIT_BYTES:
            self._room.set()
        if appended.control:
            self._on_control(appended.control)
        if self._outbox.idle and self.view.ended:
            self._ended.set()
        else:
            await self._compact()

    async def _rewrite(self) -> None:
        """The log lost more than can be replayed: everything anew under a new epoch."""
        self._epoch = new_epoch()
        fields = self._fields | {"attempt": str(self.view.attempt)}
        claimed = await self._persist(lambda: self._log.reclaim(self._job_id, self._epoch, fields))
        if claimed.answer is Answer.CLOSED:
            raise JobClosed(f"Job {self._job_id} has already ended.")
        _log.warning("log_rewritten", job=self._job_id, head=claimed.head)
        events = events_of(self.view, epoch=self._epoch, after=claimed.head, timestamp=now_ms())
        self._outbox = Outbox(claimed.head)
        self.view = JobView(self._job_id)
        self.view.sequence = claimed.head
        self._base, self._kept_from = None, claimed.head + 1
        for event in events:
            self._hold(event)

    async def _compact(self) -> None:
        """Let a snapshot stand for the log's older part once its newer part has grown enough."""
        if self._base is None and self._uncompacted_bytes >= self._compact_at:
            self._base = self.view.snapshot(reset=False)
            self._uncompacted_bytes = 0
        base = self._base
        if base is None or base.sequence > self._outbox.acknowledged:
            return
        kept_from = self._kept_from
        await self._persist(lambda: self._log.compact(self._job_id, self._epoch, base, keep_from=kept_from))
        self._base, self._kept_from = None, base.sequence + 1
        self._compact_at = max(COMPACT_BYTES, len(base.text))

    async def _persist(self, command: Callable[[], Awaitable[Reply]]) -> Reply:
        """The log's reply to `command`, which may be repeated: each is safe to send twice."""
        give_up = time.monotonic() + OUTAGE_LIMIT_S
        pause = 0.05
        while True:
            try:
                return await command()
            except (RedisError, OSError, TimeoutError) as error:
                if time.monotonic() > give_up:
                    raise LogUnavailable(
                        f"Redis did not answer for {OUTAGE_LIMIT_S:g} s: {error}."
                    ) from error
                _log.warning("log_unreachable", job=self._job_id, error=str(error))
            await asyncio.sleep(random.uniform(pause / 2, pause))  # noqa: S311
            pause = min(2.0, pause * 2)
