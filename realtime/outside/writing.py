"""Writes what a publisher says into its job's log, and what comes of what users ask.

The callers hold the job's lock. Raises Redis' errors; after any of them the job is read anew.
"""

import time
from collections.abc import Sequence
from typing import Final

import structlog
from redis.exceptions import RedisError

from realtime.errors import Unavailable
from realtime.outside import requests, wording
from realtime.outside.endings import ended, fenced_out, lost_tail, out_of_turn, too_old
from realtime.outside.ledger import Held
from realtime.outside.placing import Place, place
from realtime.outside.reading import Reading, read
from realtime.outside.wishes import understood
from shared_events.answers import Answer
from shared_events.compaction import Cut, last_cut
from shared_events.contract import PAUSE_LIMIT_S
from shared_events.events import Event, JobStatus, JobStatusChanged, encode_event, now_ms
from shared_events.log import JobLog

TRIES: Final = 4
"""So often a batch is placed anew because the log had moved meanwhile."""
OVERDUE: Final = f"The job was paused for longer than {PAUSE_LIMIT_S:g} s."

_log = structlog.get_logger("outside")


class Writing:
    """Nothing is kept here: what is known of a job is in its `Held`, and wrong if the log says so."""

    def __init__(self, log: JobLog) -> None:
        self._log = log

    async def write(self, held: Held, batch: requests.Publish) -> None:
        """Write `batch` unless it is there. Raises what `_is_there` and `wording.check` do, `Unavailable`."""
        for _ in range(TRIES):
            if not _in_turn(held, batch) and await self._is_there(held, batch):
                break
            events = wording.worded(held.view, batch.events)
            wording.check(held.view, events)
            if await self.append(held, events):
                break
        else:
            raise Unavailable("The log moves too fast: send the batch again.")
        await self.obey(held)
        await self.compact(held, said_from=batch.previous + 1)

    def looks_at_text(self, held: Held, batch: requests.Publish) -> bool:
        """Whether writing `batch` takes longer the longer the job's text is."""
        return not _in_turn(held, batch) or any(isinstance(said, requests.Rewind) for said in batch.events)

    async def look(self, held: Held) -> bool:
        """Hear what is asked of the job, with an empty batch; False if nobody publishes it."""
        for _ in range(TRIES):
            if not held.fresh:
                await self.read(held)
            if held.view.ended or held.view.attempt == 0:
                return False
            if await self.append(held, []):
                return True
        return False

    async def read(self, held: Held) -> Reading:
        """Hold what the log holds. Raises `UnknownJob`, `UnreadableLog`, `InvalidEvent`."""
        log = await read(self._log, held.job_id)
        held.epoch, held.view, held.compaction = log.meta.epoch, log.view, log.compaction
        held.fresh = True
        return log

    async def append(self, held: Held, events: Sequence[Event]) -> bool:
        """Number and write `events` at the end; False if the log has moved."""
        batch = wording.numbered(events, after=held.view.sequence, timestamp=now_ms())
        data = [encode_event(event) for event in batch]
        held.fresh = False
        appended = await self._log.append(
            held.job_id,
            epoch=held.epoch,
            previous=held.view.sequence,
            events=data,
            status=_status_after(batch),
        )
        if appended.answer is not Answer.OK:
            return False
        for event in batch:
            held.view.receive(event)
        held.compaction.grow(sum(map(len, data)))
        held.fresh, held.control = True, appended.control
        return True

    async def obey(self, held: Held) -> None:
        """Say what comes of what was asked: the end, a pause, going on."""
        wish, view = understood(held.control), held.view
        if wish is None or view.ended or not held.fresh:
            return
        paused = view.status is JobStatus.PAUSED
        held.paused_since = (held.paused_since or time.monotonic()) if paused else None
        match wish.request:
            case "cancel":
                await self.append(held, [wording.cancelled(view, wish.reason, wish.by)])
            case "pause" if not paused:
                await self.append(held, [wording.status(view, held.epoch, JobStatus.PAUSED, wish.reason)])
            case "pause" if time.monotonic() - (held.paused_since or 0.0) > PAUSE_LIMIT_S:
                await self.append(held, [wording.cancelled(view, OVERDUE, None)])
            case "resume" if paused:
                await self.append(held, [wording.status(view, held.epoch, JobStatus.RUNNING)])

    async def compact(self, held: Held, *, said_from: int) -> None:
        """Keep a long log short. What was said last, from `said_from` on, stays: it may be said again."""
        view = held.view
        cut = last_cut(view) if view.ended else held.compaction.due(view, view.sequence)
        if cut is None:
            return
        cut = Cut(cut.base, min(cut.keep_from, said_from))
        try:
            await self._log.compact(held.job_id, held.epoch, cut.base, keep_from=cut.keep_from)
        except (RedisError, OSError, TimeoutError) as error:
            _log.warning("log_not_compacted", job=held.job_id, error=str(error))
        else:
            held.compaction.done(cut)

    async def _is_there(self, held: Held, batch: requests.Publish) -> bool:
        """Look at the log. Whether it has the batch; else the batch follows on its end.

        Raises `FencedOut`, `LostTail`, `OutOfTurn`, `Ended`.
        """
        log = await self.read(held)
        meta, previous = log.meta, batch.previous
        if meta.epoch != batch.epoch or meta.attempt == 0:
            raise ended(meta) if meta.closed else fenced_out()
        if meta.head < previous:
            raise lost_tail(previous, meta.head)
        if previous + 1 < log.first:
            raise too_old(previous, log.first)
        events = wording.worded(held.view, batch.events)
        where = place(events, log.after(previous))
        if where is Place.THERE or (meta.closed and not events):
            return True
        if meta.closed:
            raise ended(meta)
        if where is Place.NOWHERE:
            raise out_of_turn(previous, meta.head)
        return False


def _in_turn(held: Held, batch: requests.Publish) -> bool:
    return held.fresh and held.epoch == batch.epoch and held.view.sequence == batch.previous


def _status_after(batch: Sequence[Event]) -> JobStatus | None:
    if not batch:
        return None
    last = batch[-1]
    return last.status if isinstance(last, JobStatusChanged) else last.status_after
