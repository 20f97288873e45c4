"""The log as a model: what the scripts in `shared_events/lua` do, said once more in plain Python.

`test_differential.py` holds every answer of it against the real server's.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

import msgspec

from shared_events import scripts
from shared_events.answers import Answer, Appended, Claimed, LogTail, Look, Meta, Requested, Rest, Whole
from shared_events.errors import UnknownJob
from shared_events.events import JobSnapshot, JobStatus, decode_event
from shared_events.fold import JobView, fold
from shared_events.ids import Epoch, JobId
from tests.model.renewable_log import RenewableLog
from tests.model.stored import Mode, Stored

_NO_FIELDS: Final[Mapping[str, str]] = MappingProxyType({})
_UNKNOWN: Final = Claimed(Answer.UNKNOWN, 0, 0, "")
_GONE: Final = Appended(Answer.GAP, -1, -1, "")


class ModelLog(RenewableLog):
    """`JobLog` without Redis. No method ever waits."""

    def __init__(self) -> None:
        self.jobs: dict[JobId, Stored] = {}
        self.bus: list[bytes] = []

    async def create(
        self, job_id: JobId, epoch: Epoch, fields: Mapping[str, str], *, request: bytes = b""
    ) -> Claimed:
        return self._made(job_id, request).claim(epoch, Mode.CREATE, "", dict(fields))

    async def start(self, job_id: JobId, epoch: Epoch, fields: Mapping[str, str] = _NO_FIELDS) -> Claimed:
        return self._claim_known(job_id, epoch, Mode.START, fields=fields)

    async def take(
        self, job_id: JobId, epoch: Epoch, fields: Mapping[str, str] = _NO_FIELDS, *, publisher: str
    ) -> Claimed:
        return self._claim_known(job_id, epoch, Mode.TAKE, seen=publisher, fields=fields)

    async def settle(self, job_id: JobId, epoch: Epoch, fields: Mapping[str, str] = _NO_FIELDS) -> Claimed:
        return self._claim_known(job_id, epoch, Mode.SETTLE, fields=fields)

    async def bury(self, job_id: JobId, epoch: Epoch, lease: str) -> Claimed:
        return self._claim_known(job_id, epoch, Mode.BURY, seen=lease)

    async def remake(
        self, job_id: JobId, epoch: Epoch, fields: Mapping[str, str], *, owner: str, request: bytes = b""
    ) -> Claimed:
        return self._made(job_id, request).claim(epoch, Mode.REMAKE, owner, dict(fields))

    async def append(
        self,
        job_id: JobId,
        *,
        epoch: Epoch,
        previous: int,
        events: Sequence[bytes],
        status: JobStatus | None = None,
        rest: Rest = Rest.GOES_ON,
    ) -> Appended:
        job = self.jobs.get(job_id)
        if job is None:
            return _GONE
        answer = _may_append(job, epoch, previous)
        if answer is not Answer.OK:
            return Appended(answer, job.head, -1, job.control)
        job.entries |= dict(enumerate(events, previous + 1))
        job.head += len(events)
        job.status = status or job.status
        job.renew()
        job.rest(Rest.CLOSES if status is not None and status.terminal else rest)
        return Appended(Answer.OK, job.head, self._publish(epoch, previous, events), job.control)

    async def renew(self, job_id: JobId, epoch: Epoch) -> Appended:
        job = self.jobs.get(job_id)
        if job is None:
            return _GONE
        answer = _may_append(job, epoch, job.head)
        if answer is not Answer.OK:
            return Appended(answer, job.head, -1, job.control)
        job.renew()
        # Whoever listens by a pattern, as the real server's witness does, does not count here.
        return Appended(Answer.OK, job.head, 0, job.control)

    async def request(self, job_id: JobId, control: bytes, *, cancels: bool = False) -> Requested:
        job = self.jobs.get(job_id)
        if job is None:
            return Requested(Answer.UNKNOWN, "", 0)
        if job.closed:
            return Requested(Answer.CLOSED, job.status, job.attempt)
        job.control = job.control if job.cancelled else control.decode()
        job.cancelled = job.cancelled or cancels
        return Requested(Answer.OK, job.status, job.attempt, job.runs)

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

    async def assignment(self, job_id: JobId) -> tuple[bytes, int]:
        job = self._known(job_id)
        if not job.request:
            raise UnknownJob("The model's job has no request any more.")
        return job.request, job.losses

    async def read_after(self, job_id: JobId, sequence: int) -> LogTail:
        job = self._known(job_id)
        return LogTail(job.meta, [data for number, data in job.entries.items() if number > sequence])

    async def whole(self, job_id: JobId) -> Whole:
        job = self._known(job_id)
        base = msgspec.json.encode(job.base) if job.base else None
        return Whole(job.meta, base, list(job.entries.values()))

    async def view(self, job_id: JobId) -> JobView:
        job = self._known(job_id)
        view = fold(job_id, map(decode_event, job.entries.values()), base=job.base)
        view.epoch = job.meta.reach.wrote
        return view

    async def heads(self, job_ids: Sequence[JobId]) -> list[tuple[Epoch, int] | None]:
        jobs = map(self.jobs.get, job_ids)
        return [(job.meta.reach.wrote, job.head) if job else None for job in jobs]

    async def looks(self, job_ids: Sequence[JobId]) -> list[Look | None]:
        jobs = map(self.jobs.get, job_ids)
        return [job.look if job else None for job in jobs]

    def _known(self, job_id: JobId) -> Stored:
        if job_id not in self.jobs:
            raise UnknownJob("The model has no such job.")
        return self.jobs[job_id]

    def _made(self, job_id: JobId, request: bytes) -> Stored:
        return self.jobs.setdefault(job_id, Stored(request=request))

    def _claim_known(
        self,
        job_id: JobId,
        epoch: Epoch,
        mode: Mode,
        *,
        seen: str = "",
        fields: Mapping[str, str] = _NO_FIELDS,
    ) -> Claimed:
        job = self.jobs.get(job_id)
        return _UNKNOWN if job is None else job.claim(epoch, mode, seen, dict(fields))

    def _publish(self, epoch: Epoch, previous: int, events: Sequence[bytes]) -> int:
        if not events:
            return -1
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
