"""A job's log, read whole: what its publisher has said so far, and what may be compacted of it."""

import msgspec

from shared_events.answers import Meta
from shared_events.compaction import Compaction
from shared_events.events import Event, JobSnapshot, decode_event
from shared_events.fold import JobView, fold
from shared_events.ids import JobId
from shared_events.log import JobLog


class Reading(msgspec.Struct, frozen=True):
    meta: Meta
    view: JobView
    compaction: Compaction
    first: int
    """The sequence of the first of `events`."""
    events: list[Event]

    def after(self, sequence: int) -> list[Event]:
        """The events after `sequence`, which is not before `first` - 1."""
        return self.events[sequence + 1 - self.first :]


async def read(log: JobLog, job_id: JobId) -> Reading:
    """In one consistent read. Raises `UnknownJob`, `UnreadableLog`, `InvalidEvent`."""
    whole = await log.whole(job_id)
    base = msgspec.json.decode(whole.base, type=JobSnapshot) if whole.base else None
    events = [decode_event(event) for event in whole.events]
    first = whole.meta.head - len(events) + 1
    stands_for = 0 if base is None else base.sequence
    view = fold(job_id, events, base=base)
    compaction = Compaction(stands_for, text_length=0 if base is None else len(base.text))
    compaction.grow(sum(map(len, whole.events[max(0, stands_for + 1 - first) :])))
    return Reading(whole.meta, view, compaction, first, events)
