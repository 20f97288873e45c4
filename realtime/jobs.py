"""What can be done with jobs: submit, cancel, read. Socket.IO and HTTP both ask here."""

import asyncio
import hashlib
from typing import Any, Final, cast

import msgspec
import redis
from redis.asyncio import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.serializers import JSONSerializer

from realtime.agents import AgentDirectory
from realtime.errors import IdempotencyConflict, NotFound, Unavailable
from realtime.requests import Submit
from shared_events.contract import JOB_TIMEOUT_S, RUN_JOB, ControlRequest, JobRequest
from shared_events.ending import end_job
from shared_events.errors import UnknownJob
from shared_events.events import (
    ErrorInfo,
    JobCancelled,
    JobFailed,
    JobStatus,
    JobStatusChanged,
    Wire,
    encode_event,
    now_ms,
)
from shared_events.fold import JobView
from shared_events.ids import JobId, new_epoch, new_job_id
from shared_events.keys import Keys
from shared_events.log import Answer, JobLog, Meta
from shared_events.open_jobs import OpenJobs

IDEMPOTENCY_S: Final = 24 * 3600
QUEUED_TTL_S: Final = 24 * 3600
"""A queue entry that no worker took for so long is dropped."""


class Accepted(Wire, frozen=True, omit_defaults=False):
    """The answer to a submit."""

    job_id: str
    status: JobStatus
    sequence: int


class Cancelled(Wire, frozen=True):
    """The answer to a cancel: `accepted`, or `already_finished` with the status that it ended with."""

    job_id: str
    status: str
    outcome: str | None = None


class Jobs:
    """Raises `RequestError`s; Redis' own errors become `Unavailable`."""

    def __init__(
        self, log: JobLog, events: Redis, queue: redis.Redis, directory: AgentDirectory, keys: Keys
    ) -> None:
        self._log = log
        self._events = events
        self._queue = queue
        self._directory = directory
        self._keys = keys
        self._open = OpenJobs(events, keys)

    async def submit(self, request: Submit, *, owner: str) -> Accepted:
        """Check the request, make the job's log, then enqueue it."""
        try:
            await self._directory.check(request)
            job_id = await self._job_id(request, owner)
            return await self._create(job_id, request, owner)
        except (RedisError, OSError) as error:
            raise Unavailable(f"The job cannot be taken just now ({type(error).__name__}).") from error

    async def cancel(self, job_id: JobId, *, reason: str | None, by: str) -> Cancelled:
        """Ask the job's writer to stop; a job that still waits in the queue ends here."""
        control = msgspec.json.encode(ControlRequest(request="cancel", reason=reason, by=by))
        try:
            asked = await self._log.request(job_id, control)
            if asked.answer is Answer.OK and asked.status == JobStatus.QUEUED:
                await end_job(
                    self._log, job_id, JobStatus.QUEUED, JobCancelled, reason=reason, cancelled_by=by
                )
        except (RedisError, OSError) as error:
            raise Unavailable(f"The job cannot be cancelled just now ({type(error).__name__}).") from error
        match asked.answer:
            case Answer.UNKNOWN:
                raise NotFound
            case Answer.CLOSED:
                return Cancelled(job_id=job_id, status="already_finished", outcome=asked.status)
        return Cancelled(job_id=job_id, status="accepted")

    async def read(self, job_id: JobId) -> tuple[Meta, JobView]:
        try:
            return await self._log.meta(job_id), await self._log.view(job_id)
        except UnknownJob:
            raise NotFound from None
        except (RedisError, OSError) as error:
            raise Unavailable(f"The job cannot be read just now ({type(error).__name__}).") from error

    async def _job_id(self, request: Submit, owner: str) -> JobId:
        """A new id, or the one that the request's idempotency key already stands for."""
        job_id = new_job_id()
        if request.idempotency_key is None:
            return job_id
        body = msgspec.structs.replace(request, idempotency_key=None)
        digest = hashlib.sha256(msgspec.json.encode(body)).hexdigest()
        key = self._keys.idempotency(owner, hashlib.sha256(request.idempotency_key.encode()).hexdigest())
        held = await self._events.set(key, f"{job_id} {digest}", nx=True, ex=IDEMPOTENCY_S, get=True)
        if held is None:
            return job_id
        known, known_digest = cast("bytes", held).decode().split(" ")
        if known_digest != digest:
            raise IdempotencyConflict(
                "This idempotency key stands for a job with another body: use a new key."
            )
        return JobId(known)

    async def _create(self, job_id: JobId, request: Submit, owner: str) -> Accepted:
        epoch = new_epoch()
        await self._open.add(job_id)
        claimed = await self._log.create(job_id, epoch, {"agent": request.agent, "owner": owner})
        if claimed.answer is not Answer.OK:
            meta, view = await self.read(job_id)
            return Accepted(job_id=job_id, status=meta.status, sequence=view.sequence)
        queued = JobStatusChanged(
            job_id=job_id, sequence=1, timestamp=now_ms(), status=JobStatus.QUEUED, attempt=0, epoch=epoch
        )
        await self._log.append(
            job_id, epoch=epoch, previous=0, events=[encode_event(queued)], status=JobStatus.QUEUED
        )
        await self._enqueue(job_id, request, owner)
        return Accepted(job_id=job_id, status=JobStatus.QUEUED, sequence=1)

    async def _enqueue(self, job_id: JobId, request: Submit, owner: str) -> None:
        try:
            await asyncio.to_thread(self._enqueue_blocking, job_id, request, owner)
        except (RedisError, OSError) as error:
            failure = ErrorInfo(code="enqueue_failed", message="The queue did not answer.", retryable=True)
            await end_job(self._log, job_id, JobStatus.QUEUED, JobFailed, error=failure)
            raise Unavailable(f"The job cannot be enqueued just now ({type(error).__name__}).") from error

    def _enqueue_blocking(self, job_id: JobId, request: Submit, owner: str) -> None:
        queue = Queue(self._keys.queue(request.priority), connection=self._queue, serializer=JSONSerializer)
        queue.enqueue_call(
            RUN_JOB,
            kwargs={"request": msgspec.to_builtins(job_request(job_id, request, owner))},
            job_id=job_id,
            timeout=JOB_TIMEOUT_S + 60,
            result_ttl=60,
            failure_ttl=3600,
            ttl=QUEUED_TTL_S,
            description=f"{request.agent} {job_id}",
        )


def job_request(job_id: JobId, request: Submit, owner: str) -> JobRequest:
    """What the worker gets of an accepted request."""
    same: dict[str, Any] = {
        name: getattr(request, name)
        for name in ("agent", "input", "backend", "model", "max_tokens", "temperature")
    }
    return JobRequest(job_id=job_id, owner=owner, **same)
