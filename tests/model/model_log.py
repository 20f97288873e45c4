"""The log as a model: what the scripts in `shared_events/lua` do, said once more in plain Python.

`test_differential.py` holds every answer of it against the real server's.
"""

from collections.abc import Mapping, Sequence

import msgspec

from shared_events import checkpoint
from shared_events import log as scripts
from shared_events.checkpoint import EpochStart
from shared_events.errors import UnknownJob
from shared_events.events import JobSnapshot, JobStatus, decode_event
from shared_events.fold import JobView, fold
from shared_events.ids import Epoch, JobId
from shared_events.log import Answer, Appended, Claimed, JobLog, Meta, Requested, Tail


class Stored(msgspec.Struct):
    """What the server holds of one job."""

    fields: dict[str, str]
    epoch: Epoch = Epoch("")
    epochs: tuple[EpochStart, ...] = ()
    head: int = 0
    first: int = 1
    status: JobStatus = JobStatus.QUEUED
    attempt: int = 0
    closed: bool = False
    control: str = ""
    base: JobSnapshot | None = None
    entries: dict[int, bytes] = {}

    def copy(self) -> "Stored":
        return msgspec.structs.replace(self, entries=dict(self.entries))

    def names(self, epoch: Epoch) -> bool:
        return any(start.epoch == epoch for start in self.epochs)

    @property
    def meta(self) -> Meta:
        return Meta(
            epoch=self.epoch,
            epochs=self.epochs,
            head=self.head,
            first=self.first,
            status=self.status,
            attempt=self.attempt,
            agent=self.fields.get("agent", ""),
            owner=self.fields.get("owner", ""),
            created_ms=0,
            closed=self.closed,
        )


class ModelLog(JobLog):
    """`JobLog` without Redis. No method ever waits."""

    def __init__(self) -> None:
        self.jobs: dict[JobId, Stored] = {}
        self.bus: list[bytes] = []

    async def create(self, job_id: JobId, epoch: Epoch, fields: Mapping[str, str]) -> Claimed:
        known = self.jobs.get(job_id)
        if known is not None and not known.names(epoch):
            return Claimed(Answer.EXISTS, known.head, known.attempt, known.control)
        return await self.reclaim(job_id, epoch, fields)

    async def claim(self, job_id: JobId, epoch: Epoch, *, new_attempt: bool) -> Claimed:
        job = self.jobs.get(job_id)
        if job is None:
            return Claimed(Answer.UNKNOWN, 0, 0, "")
        return _claim(job, epoch, attempts=int(new_attempt))

    async def reclaim(self, job_id: JobId, epoch: Epoch, fields: Mapping[str, str]) -> Claimed:
        made = Stored(dict(fields), attempt=int(fields.get("attempt", 0)))
        return _claim(self.jobs.setdefault(job_id, made), epoch, attempts=0)

    async def append(
        self,
        job_id: JobId,
        *,
        epoch: Epoch,
        previous: int,
        events: Sequence[bytes],
        status: JobStatus | None = None,
    ) -> Appended:
        job = self.jobs.get(job_id)
        if job is None:
            return Appended(Answer.GAP, -1, 0, "")
        answer = _may_append(job, epoch, previous)
        if answer is not Answer.OK:
            return Appended(answer, job.head, 0, job.control)
        job.entries |= dict(enumerate(events, previous + 1))
        job.head += len(events)
        job.status = status or job.status
        job.closed = status is not None and status.terminal
        return Appended(Answer.OK, job.head, self._publish(epoch, previous, events), job.control)

    async def request(self, job_id: JobId, control: bytes) -> Requested:
        job = self.jobs.get(job_id)
        if job is None:
            return Requested(Answer.UNKNOWN, "", 0)
        if job.closed:
            return Requested(Answer.CLOSED, job.status, job.attempt)
        job.control = control.decode()
        return Requested(Answer.OK, job.status, job.attempt)

    async def compact(self, job_id: JobId, epoch: Epoch, base: JobSnapshot, *, keep_from: int) -> Answer:
        job = self.jobs.get(job_id)
        if job is None or job.epoch != epoch:
            return Answer.FENCED
        if job.head < base.sequence:
            return Answer.GAP
        job.base, job.first = base, max(job.first, keep_from)
        job.entries = {sequence: data for sequence, data in job.entries.items() if sequence >= job.first}
        return Answer.OK

    async def meta(self, job_id: JobId) -> Meta:
        return self._known(job_id).meta

    async def read_after(self, job_id: JobId, sequence: int) -> Tail:
        job = self._known(job_id)
        return Tail(job.meta, [data for number, data in job.entries.items() if number > sequence])

    async def view(self, job_id: JobId) -> JobView:
        job = self._known(job_id)
        view = fold(job_id, map(decode_event, job.entries.values()), base=job.base)
        view.epoch = job.epoch
        return view

    async def heads(self, job_ids: Sequence[JobId]) -> list[tuple[Epoch, int] | None]:
        jobs = map(self.jobs.get, job_ids)
        return [(job.epoch, job.head) if job else None for job in jobs]

    def _known(self, job_id: JobId) -> Stored:
        if job_id not in self.jobs:
            raise UnknownJob("The model has no such job.")
        return self.jobs[job_id]

    def _publish(self, epoch: Epoch, previous: int, events: Sequence[bytes]) -> int:
        if not events:
            return 0
        heading = f"{epoch} {previous + 1} {len(events)}".encode()
        whole = sum(map(len, events)) <= scripts.ANNOUNCE_BYTES
        self.bus.append(b"\n".join([heading, *events]) if whole else heading)
        return 1


def _may_append(job: Stored, epoch: Epoch, previous: int) -> Answer:
    if epoch != job.epoch:
        return Answer.FENCED
    if job.closed:
        return Answer.CLOSED
    if previous < job.head:
        return Answer.DUP
    return Answer.GAP if previous > job.head else Answer.OK


def _claim(job: Stored, epoch: Epoch, *, attempts: int) -> Claimed:
    if job.names(epoch):
        answer = Answer.OK if job.epoch == epoch else Answer.FENCED
        return Claimed(answer, job.head, job.attempt, job.control)
    if job.closed:
        return Claimed(Answer.CLOSED, job.head, job.attempt, job.control)
    job.epoch = epoch
    job.epochs = (*job.epochs, EpochStart(epoch, job.head + 1))[-checkpoint.MAX_EPOCHS :]
    job.attempt += attempts
    return Claimed(Answer.OK, job.head, job.attempt, job.control)
