"""The sequenced log of a job: one stream, one writer at a time, every event numbered without a gap.

`(epoch, sequence)` names an event's content for ever. Each method is one round trip to Redis; the
scripts beside this file say what happens in it. Redis' own errors pass through (`redis.RedisError`).
"""

from collections.abc import Awaitable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, cast

import msgspec
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import ResponseError

from shared_events import answers
from shared_events.answers import Answer, Appended, Claimed, LogTail, Look, Meta, Requested, Rest, Whole
from shared_events.checkpoint import MAX_EPOCHS
from shared_events.errors import UnknownJob, UnreadableLog
from shared_events.events import JobSnapshot, JobStatus, decode_event
from shared_events.fold import JobView, fold
from shared_events.ids import Epoch, JobId
from shared_events.keys import Keys
from shared_events.open_jobs import OpenJobs
from shared_events.scripts import Terms, append_arguments, append_keys, script

_NO_FIELDS: Final[Mapping[str, str]] = MappingProxyType({})


class JobLog:
    """All logs of one installation."""

    def __init__(
        self, redis: "Redis", keys: Keys, *, lease_s: float = 15.0, ttl_s: float = 24 * 3600.0
    ) -> None:
        self._redis = redis
        self._keys = keys
        self._terms = Terms(lease_s=lease_s, ttl_s=ttl_s)
        self._append, self._claim, self._request, self._compact = (
            redis.register_script(script(name)) for name in ("append", "claim", "request", "compact")
        )

    async def aclose(self) -> None:
        await self._redis.aclose()

    async def create(
        self, job_id: JobId, epoch: Epoch, fields: Mapping[str, str], *, request: bytes = b""
    ) -> Claimed:
        """Make the log of a new job, with `fields` in its meta, for its submitter; EXISTS if there is one.

        `request` is what the job is asked to do; it is kept until the job ends.
        """
        return await self._claim_log(job_id, epoch, "create", fields=fields, request=request)

    async def start(self, job_id: JobId, epoch: Epoch, fields: Mapping[str, str] = _NO_FIELDS) -> Claimed:
        """Begin a new attempt; BUSY while the one before it is alive, UNKNOWN if there is no log."""
        return await self._claim_log(job_id, epoch, "start", fields=fields)

    async def take(
        self, job_id: JobId, epoch: Epoch, fields: Mapping[str, str] = _NO_FIELDS, *, publisher: str
    ) -> Claimed:
        """Begin a new attempt from outside, even while another one is alive: that one is fenced.

        UNKNOWN unless the job was made with this `publisher` among its fields.
        """
        return await self._claim_log(job_id, epoch, "take", seen=publisher, fields=fields)

    async def settle(self, job_id: JobId, epoch: Epoch, fields: Mapping[str, str] = _NO_FIELDS) -> Claimed:
        """Take over a job that waits, to say something about it; BUSY while an attempt is under way."""
        return await self._claim_log(job_id, epoch, "settle", fields=fields)

    async def bury(self, job_id: JobId, epoch: Epoch, lease: str) -> Claimed:
        """Take over from an attempt that is lost; BUSY if its lease is not the one that was seen any more."""
        return await self._claim_log(job_id, epoch, "bury", seen=lease)

    async def remake(
        self, job_id: JobId, epoch: Epoch, fields: Mapping[str, str], *, owner: str, request: bytes = b""
    ) -> Claimed:
        """Take one's own job back after its log, or one's claim to it, was lost.

        BUSY if another than `owner` has it; `owner` is empty where no log was seen.
        """
        await OpenJobs(self._redis, self._keys).add(job_id)
        return await self._claim_log(job_id, epoch, "remake", fields=fields, seen=owner, request=request)

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
        """Write `events` after the sequence `previous` and publish them, if `epoch` owns the job."""
        reply = await self._append(
            keys=append_keys(self._keys, job_id),
            args=append_arguments(self._terms, epoch, previous, events, status, rest),
        )
        return answers.appended(reply)

    async def request(self, job_id: JobId, control: bytes, *, cancels: bool = False) -> Requested:
        """Leave a control request for whoever runs the job. After a cancel no other is taken."""
        answer, status, attempt, runs = await self._request(
            keys=[self._keys.meta(job_id)],
            args=[control, "1" if cancels else "", self._keys.worker(""), job_id],
        )
        return Requested(Answer(answer.decode()), status.decode(), attempt, bool(runs))

    async def compact(self, job_id: JobId, epoch: Epoch, base: JobSnapshot, *, keep_from: int) -> Answer:
        """Let `base` stand for what it has seen and drop the events before `keep_from`."""
        keys = self._keys
        reply = await self._compact(
            keys=[keys.meta(job_id), keys.log(job_id), keys.base(job_id)],
            args=[epoch, self._terms.ttl_ms, keep_from, msgspec.json.encode(base), base.sequence],
        )
        return Answer(reply.decode())

    async def meta(self, job_id: JobId) -> Meta:
        """Raises `UnknownJob`."""
        return answers.meta(await _reply(self._redis.hgetall(self._keys.meta(job_id))))

    async def assignment(self, job_id: JobId) -> tuple[bytes, int]:
        """What the job was asked to do, and how many of its attempts died. Raises `UnknownJob`."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.get(self._keys.request(job_id))
            pipe.hget(self._keys.meta(job_id), "losses")
            request, losses = await pipe.execute()
        if request is None:
            raise UnknownJob("There is no such job, or it has ended.")
        return request, int(losses or 0)

    async def read_after(self, job_id: JobId, sequence: int) -> LogTail:
        """The events after `sequence`, in one consistent read. Raises `UnknownJob`, `UnreadableLog`."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hgetall(self._keys.meta(job_id))
            pipe.xrange(self._keys.log(job_id), min=f"({sequence}-0")
            fields, entries = await _execute(pipe)
        return LogTail(answers.meta(fields), answers.events(entries))

    async def whole(self, job_id: JobId) -> Whole:
        """Everything, in one consistent read. Raises `UnknownJob`, `UnreadableLog`."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hgetall(self._keys.meta(job_id))
            pipe.get(self._keys.base(job_id))
            pipe.xrange(self._keys.log(job_id))
            fields, base, entries = await _execute(pipe)
        return Whole(answers.meta(fields), base or None, answers.events(entries))

    async def view(self, job_id: JobId) -> JobView:
        """The fold of the whole log, in one consistent read. Raises `UnknownJob`."""
        whole = await self.whole(job_id)
        base = msgspec.json.decode(whole.base, type=JobSnapshot) if whole.base else None
        view = fold(job_id, map(decode_event, whole.events), base=base)
        view.epoch = whole.meta.reach.wrote
        return view

    async def heads(self, job_ids: Sequence[JobId]) -> list[tuple[Epoch, int] | None]:
        """Where each log stands, in one round trip; None for a log that is gone."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for job_id in job_ids:
                pipe.hmget(self._keys.meta(job_id), "epochs", "head")
            # One key that holds something else must not hide where all the others stand.
            replies = await pipe.execute(raise_on_error=False)
        return [answers.head(reply) for reply in replies]

    async def looks(self, job_ids: Sequence[JobId]) -> list[Look | None]:
        """How each job stands, in one round trip; None for a log that is gone."""
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.time()
            for job_id in job_ids:
                pipe.hmget(self._keys.meta(job_id), *answers.LOOKED_AT)
            (seconds, micros), *replies = await pipe.execute()
        now_ms = seconds * 1000 + micros // 1000
        return [answers.look(fields, now_ms) for fields in replies]

    async def _claim_log(
        self,
        job_id: JobId,
        epoch: Epoch,
        mode: str,
        *,
        seen: str = "",
        request: bytes = b"",
        fields: Mapping[str, str] = _NO_FIELDS,
    ) -> Claimed:
        keys, terms = self._keys, self._terms
        reply = await self._claim(
            keys=[keys.meta(job_id), keys.log(job_id), keys.base(job_id), keys.request(job_id)],
            args=[
                *(epoch, terms.lease_ms, terms.ttl_ms, MAX_EPOCHS, mode, seen, request),
                *_flat(fields.items()),
            ],
        )
        return answers.claimed(reply)


def _flat(items: Iterable[tuple[str, str]]) -> list[str]:
    return [part for item in items for part in item]


async def _execute(pipe: Pipeline) -> list[Any]:
    """The answers. Raises `UnreadableLog` where a key holds something else than a log does."""
    try:
        return list(await pipe.execute())
    except ResponseError as error:
        if "WRONGTYPE" in str(error):
            raise UnreadableLog(str(error)) from error
        raise


async def _reply(reply: Any) -> dict[bytes, bytes]:
    return cast("dict[bytes, bytes]", await cast("Awaitable[Any]", reply))
