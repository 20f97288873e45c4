"""The sequenced log of a job: one stream, one writer at a time, every event numbered without a gap.

`(epoch, sequence)` names an event's content for ever. Each method is one round trip to Redis; the
scripts beside this file say what happens in it. Redis' own errors pass through (`redis.RedisError`).
"""

from collections.abc import Awaitable, Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, cast

import msgspec
from redis.asyncio import Redis

from shared_events.checkpoint import MAX_EPOCHS, EpochStart, Reach, parse_epochs
from shared_events.errors import UnknownJob
from shared_events.events import JobSnapshot, JobStatus, decode_event
from shared_events.fold import JobView, fold
from shared_events.ids import Epoch, JobId
from shared_events.keys import Keys
from shared_events.open_jobs import OpenJobs

ANNOUNCE_BYTES: Final = 16 * 1024
"""A larger batch is announced on the bus without its events: Redis cuts subscribers off whose
output buffer overflows, and the log has the events."""


class Answer(StrEnum):
    """What an append (or a claim) came to; `lua/append.lua` tells each."""

    OK = "OK"
    DUP = "DUP"
    GAP = "GAP"
    FENCED = "FENCED"
    CLOSED = "CLOSED"
    UNKNOWN = "UNKNOWN"
    EXISTS = "EXISTS"


class Appended(msgspec.Struct, frozen=True):
    answer: Answer
    head: int
    """The log's last sequence."""
    listeners: int
    """How many nodes heard the batch."""
    control: str
    """What is asked of the job: JSON of a `contract.ControlRequest`, or empty."""


class Claimed(msgspec.Struct, frozen=True):
    answer: Answer
    head: int
    attempt: int
    control: str


class Requested(msgspec.Struct, frozen=True):
    answer: Answer
    status: str
    attempt: int


class Standing(StrEnum):
    """What a sweeper sees of a job."""

    GONE = "gone"
    ENDED = "ended"
    ALIVE = "alive"
    """Its writer's lease holds."""
    SILENT = "silent"
    """It had begun, and its writer has fallen silent."""
    WAITING = "waiting"
    """It has not begun, and its submitter's lease has run out."""


class Meta(msgspec.Struct, frozen=True):
    """What a log says about itself."""

    epoch: Epoch
    epochs: tuple[EpochStart, ...]
    head: int
    first: int
    status: JobStatus
    attempt: int
    agent: str
    owner: str
    created_ms: int
    closed: bool

    @property
    def reach(self) -> Reach:
        return Reach(epochs=self.epochs, first=self.first, head=self.head)


class Tail(msgspec.Struct, frozen=True):
    """The log's events after a sequence, as encoded by their writer, with the meta of that moment."""

    meta: Meta
    events: list[bytes]


class JobLog:
    """All logs of one installation."""

    def __init__(
        self, redis: "Redis", keys: Keys, *, lease_s: float = 15.0, ttl_s: float = 24 * 3600.0
    ) -> None:
        self._redis = redis
        self._keys = keys
        self._lease_ms = int(lease_s * 1000)
        self._ttl_ms = int(ttl_s * 1000)
        here = Path(__file__).parent / "lua"
        self._append, self._claim, self._request, self._compact = (
            redis.register_script((here / f"{name}.lua").read_text())
            for name in ("append", "claim", "request", "compact")
        )

    async def aclose(self) -> None:
        await self._redis.aclose()

    async def create(self, job_id: JobId, epoch: Epoch, fields: Mapping[str, str]) -> Claimed:
        """Make the log of a new job, with `fields` in its meta, for its submitter; EXISTS if there is one."""
        return await self._claim_log(job_id, epoch, creates="only", fields=fields)

    async def claim(self, job_id: JobId, epoch: Epoch, *, new_attempt: bool) -> Claimed:
        """Take the job over for `epoch`: all earlier writers are fenced. UNKNOWN if there is no log."""
        return await self._claim_log(job_id, epoch, attempts=int(new_attempt))

    async def reclaim(self, job_id: JobId, epoch: Epoch, fields: Mapping[str, str]) -> Claimed:
        """Take the job over, and make its log anew (with `fields`) if it was lost."""
        await OpenJobs(self._redis, self._keys).add(job_id)
        return await self._claim_log(job_id, epoch, creates="may", fields=fields)

    async def append(
        self,
        job_id: JobId,
        *,
        epoch: Epoch,
        previous: int,
        events: Sequence[bytes],
        status: JobStatus | None = None,
    ) -> Appended:
        """Write `events` after the sequence `previous` and publish them, if `epoch` owns the job."""
        keys = self._keys
        reply = await self._append(
            keys=[keys.meta(job_id), keys.log(job_id), keys.base(job_id), keys.channel(job_id)],
            args=[
                epoch,
                previous,
                self._lease_ms,
                self._ttl_ms,
                status or "",
                "1" if status is not None and status.terminal else "",
                ANNOUNCE_BYTES,
                *events,
            ],
        )
        answer, head, listeners, control = reply
        return Appended(Answer(answer.decode()), head, listeners, control.decode())

    async def request(self, job_id: JobId, control: bytes) -> Requested:
        """Leave a control request for the job's writer."""
        answer, status, attempt = await self._request(keys=[self._keys.meta(job_id)], args=[control])
        return Requested(Answer(answer.decode()), status.decode(), attempt)

    async def compact(self, job_id: JobId, epoch: Epoch, base: JobSnapshot, *, keep_from: int) -> Answer:
        """Let `base` stand for what it has seen and drop the events before `keep_from`."""
        keys = self._keys
        reply = await self._compact(
            keys=[keys.meta(job_id), keys.log(job_id), keys.base(job_id)],
            args=[epoch, self._ttl_ms, keep_from, msgspec.json.encode(base), base.sequence],
        )
        return Answer(reply.decode())

    async def meta(self, job_id: JobId) -> Meta:
        """Raises `UnknownJob`."""
        return _meta(await _reply(self._redis.hgetall(self._keys.meta(job_id))))

    async def read_after(self, job_id: JobId, sequence: int) -> Tail:
        """The events after `sequence`, in one consistent read. Raises `UnknownJob`."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hgetall(self._keys.meta(job_id))
            pipe.xrange(self._keys.log(job_id), min=f"({sequence}-0")
            fields, entries = await pipe.execute()
        return Tail(_meta(fields), [entry[b"e"] for _, entry in entries])

    async def view(self, job_id: JobId) -> JobView:
        """The fold of the whole log, in one consistent read. Raises `UnknownJob`."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hgetall(self._keys.meta(job_id))
            pipe.get(self._keys.base(job_id))
            pipe.xrange(self._keys.log(job_id))
            fields, encoded, entries = await pipe.execute()
        meta = _meta(fields)
        base = msgspec.json.decode(encoded, type=JobSnapshot) if encoded else None
        view = fold(job_id, (decode_event(entry[b"e"]) for _, entry in entries), base=base)
        # Between a claim and its first event the log belongs to an epoch that has written nothing.
        view.epoch = meta.epoch
        return view

    async def heads(self, job_ids: Sequence[JobId]) -> list[tuple[Epoch, int] | None]:
        """Where each log stands, in one round trip; None for a log that is gone."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for job_id in job_ids:
                pipe.hmget(self._keys.meta(job_id), "epoch", "head")
            replies = await pipe.execute()
        return [(Epoch(epoch.decode()), int(head)) if epoch else None for epoch, head in replies]

    async def standings(self, job_ids: Sequence[JobId]) -> list[Standing]:
        """How each job stands, in one round trip."""
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.time()
            for job_id in job_ids:
                pipe.hmget(self._keys.meta(job_id), "lease", "closed", "attempt")
            (seconds, micros), *replies = await pipe.execute()
        now_ms = seconds * 1000 + micros // 1000
        return [_standing(lease, closed, attempt, now_ms) for lease, closed, attempt in replies]

    async def _claim_log(
        self,
        job_id: JobId,
        epoch: Epoch,
        *,
        attempts: int = 0,
        creates: str = "",
        fields: Mapping[str, str] = MappingProxyType({}),
    ) -> Claimed:
        keys = self._keys
        reply = await self._claim(
            keys=[keys.meta(job_id), keys.log(job_id), keys.base(job_id)],
            args=[epoch, self._lease_ms, self._ttl_ms, attempts, MAX_EPOCHS, creates, *_flat(fields.items())],
        )
        answer, head, attempt, control = reply
        return Claimed(Answer(answer.decode()), head, attempt, control.decode())


def _standing(lease: bytes | None, closed: bytes | None, attempt: bytes | None, now_ms: int) -> Standing:
    if lease is None:
        return Standing.GONE
    if closed is not None:
        return Standing.ENDED
    if int(lease) >= now_ms:
        return Standing.ALIVE
    return Standing.SILENT if int(attempt or 0) > 0 else Standing.WAITING


def _meta(fields: dict[bytes, bytes]) -> Meta:
    if b"epochs" not in fields:
        raise UnknownJob("There is no job of that id, or its log has expired.")
    text = {name.decode(): value.decode() for name, value in fields.items()}
    return Meta(
        epoch=Epoch(text["epoch"]),
        epochs=parse_epochs(text["epochs"]),
        head=int(text["head"]),
        first=int(text.get("first", 1)),
        status=JobStatus(text["status"]),
        attempt=int(text["attempt"]),
        agent=text.get("agent", ""),
        owner=text.get("owner", ""),
        created_ms=int(text["created"]),
        closed="closed" in text,
    )


def _flat(items: Iterable[tuple[str, str]]) -> list[str]:
    return [part for item in items for part in item]


async def _reply(reply: Any) -> dict[bytes, bytes]:
    return cast("dict[bytes, bytes]", await cast("Awaitable[Any]", reply))
