"""What can be done with jobs: submit, cancel, read. Socket.IO and HTTP both ask here."""

import asyncio
import hashlib
from functools import cached_property
from typing import Any, Final, cast

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from realtime import requests
from realtime.agents import AgentDirectory
from realtime.errors import IdempotencyConflict, NotFound, Unavailable
from realtime.outside.token import digest, new_token
from realtime.requests import Submit
from shared_events.answers import Answer, Meta, Requested
from shared_events.contract import EXTERNAL, UNBEGUN_S, ControlRequest, JobRequest
from shared_events.ending import end_job, say, say_status, status_of
from shared_events.errors import UnknownJob
from shared_events.events import ErrorInfo, JobCancelled, JobFailed, JobStatus, Wire
from shared_events.fold import JobView
from shared_events.ids import JobId, new_epoch, new_job_id
from shared_events.keys import Keys
from shared_events.log import JobLog
from shared_events.open_jobs import OpenJobs
from shared_events.queue import JobQueue

IDEMPOTENCY_S: Final = 24 * 3600


class PublishRight(Wire, frozen=True):
    """Of a job that is published from outside. The token is said once: only its digest is kept."""

    token: str


class Accepted(Wire, frozen=True, omit_defaults=False):
    """The answer to a submit."""

    job_id: str
    status: JobStatus
    sequence: int
    publish: PublishRight | msgspec.UnsetType = msgspec.UNSET


class Controlled(Wire, frozen=True):
    """The answer to cancel, pause and resume: `accepted`, or `already_finished` with how it ended."""

    job_id: str
    status: str
    outcome: str | None = None


class Jobs:
    """Raises `RequestError`s; Redis' own errors become `Unavailable`."""

    def __init__(
        self, log: JobLog, events: Redis, queue: JobQueue, directory: AgentDirectory, keys: Keys
    ) -> None:
        self._log = log
        self._events = events
        self._queue = queue
        self._directory = directory
        self._keys = keys
        self._open = OpenJobs(events, keys)

    @cached_property
    def _patient_log(self) -> JobLog:
        """For jobs that wait for their publisher: the lease of one is as long as it may wait."""
        return JobLog(self._events, self._keys, lease_s=UNBEGUN_S)

    async def submit(self, request: Submit, *, owner: str) -> Accepted:
        """Check the request, make the job's log, then enqueue it."""
        try:
            if request.agent == EXTERNAL:
                requests.check_external(request)
                return await self._create_external(await self._job_id(request, owner), request, owner)
            await self._directory.check(request)
            job_id = await self._job_id(request, owner)
            return await self._create(job_id, request, owner)
        except (RedisError, OSError) as error:
            raise Unavailable(f"The job cannot be taken just now ({type(error).__name__}).") from error

    async def cancel(self, job_id: JobId, *, reason: str | None, by: str) -> Controlled:
        """Ask whoever runs the job to stop; a job that waits ends here."""
        return await self._ask(job_id, ControlRequest(request="cancel", reason=reason, by=by))

    async def pause(self, job_id: JobId, *, reason: str | None, by: str) -> Controlled:
        """Ask whoever runs the job to wait until it is resumed; a job that waits will not start."""
        return await self._ask(job_id, ControlRequest(request="pause", reason=reason, by=by))

    async def resume(self, job_id: JobId, *, by: str) -> Controlled:
        """Ask whoever runs the job to go on; a job that is not paused goes on anyway."""
        return await self._ask(job_id, ControlRequest(request="resume", by=by))

    async def _ask(self, job_id: JobId, wish: ControlRequest) -> Controlled:
        try:
            wish = msgspec.structs.replace(wish, id=new_epoch())
            asked = await self._request(job_id, wish)
            if asked.answer is Answer.OK and not asked.runs:
                suited = await self._suit_waiting(job_id, JobStatus(asked.status), wish)
                # Somebody else had a word with the job meanwhile: it may have ended.
                asked = asked if suited else await self._request(job_id, wish)
        except (RedisError, OSError) as error:
            why = f"The job cannot be asked to {wish.request} just now ({type(error).__name__})."
            raise Unavailable(why) from error
        return _controlled(job_id, asked)

    async def _request(self, job_id: JobId, wish: ControlRequest) -> Requested:
        cancels = wish.request == "cancel"
        return await self._log.request(job_id, msgspec.json.encode(wish), cancels=cancels)

    async def _suit_waiting(self, job_id: JobId, status: JobStatus, wish: ControlRequest) -> bool:
        """Nobody runs the job. Should somebody begin meanwhile, the request is there for them to see."""
        match wish.request:
            case "cancel":
                reason, by = wish.reason, wish.by
                return await end_job(self._log, job_id, status, JobCancelled, reason=reason, cancelled_by=by)
            case "pause" if status is not JobStatus.PAUSED:
                return await say_status(self._log, job_id, JobStatus.PAUSED, wish.reason)
            case "resume" if status is JobStatus.PAUSED:
                return await say_status(self._log, job_id, JobStatus.QUEUED)
        return True

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
        queue = await self._directory.queue(request.agent) or request.priority
        fields = {"agent": request.agent, "owner": owner, "queue": queue}
        if not await self._make(self._log, job_id, request, fields):
            return await self._known(job_id)
        await self._enqueue(job_id, queue, request.agent)
        return Accepted(job_id=job_id, status=JobStatus.QUEUED, sequence=1)

    async def _create_external(self, job_id: JobId, request: Submit, owner: str) -> Accepted:
        """No worker runs it and no queue has it: it waits for its publisher."""
        token = new_token()
        fields = {"agent": EXTERNAL, "owner": owner, "publisher": digest(token), "attempts": "1"}
        if await self._make(self._patient_log, job_id, request, fields):
            accepted = Accepted(job_id=job_id, status=JobStatus.QUEUED, sequence=1)
        elif await self._entrust(job_id, token):
            accepted = await self._known(job_id)
        else:
            return await self._known(job_id)
        return msgspec.structs.replace(accepted, publish=PublishRight(token=token))

    async def _make(self, log: JobLog, job_id: JobId, request: Submit, fields: dict[str, str]) -> bool:
        """Make the job's log; False if it is there already."""
        epoch, owner = new_epoch(), fields["owner"]
        await self._open.add(job_id)
        asked = msgspec.json.encode(job_request(job_id, request, owner))
        claimed = await log.create(job_id, epoch, fields, request=asked)
        if claimed.answer is not Answer.OK:
            return False
        await say(log, job_id, epoch, claimed, [status_of(job_id, epoch, claimed, JobStatus.QUEUED)])
        return True

    async def _entrust(self, job_id: JobId, token: str) -> bool:
        """Give a job that was submitted again, as its first answer may be lost, to `token` alone.

        False if somebody has begun to publish it.
        """
        log, epoch = self._patient_log, new_epoch()
        status = (await log.meta(job_id)).status
        claimed = await log.settle(job_id, epoch, {"publisher": digest(token)})
        return await say(log, job_id, epoch, claimed, [status_of(job_id, epoch, claimed, status)])

    async def _known(self, job_id: JobId) -> Accepted:
        meta, view = await self.read(job_id)
        return Accepted(job_id=job_id, status=meta.status, sequence=view.sequence)

    async def _enqueue(self, job_id: JobId, queue: str, agent: str) -> None:
        try:
            await asyncio.to_thread(self._queue.put, job_id, queue, agent=agent)
        except (RedisError, OSError) as error:
            failure = ErrorInfo(code="enqueue_failed", message="The queue did not answer.", retryable=True)
            await end_job(self._log, job_id, JobStatus.QUEUED, JobFailed, error=failure)
            raise Unavailable(f"The job cannot be enqueued just now ({type(error).__name__}).") from error


def _controlled(job_id: JobId, asked: Requested) -> Controlled:
    """What a request came to. Raises `NotFound`."""
    match asked.answer:
        case Answer.UNKNOWN:
            raise NotFound
        case Answer.CLOSED:
            return Controlled(job_id=job_id, status="already_finished", outcome=asked.status)
    return Controlled(job_id=job_id, status="accepted")


def job_request(job_id: JobId, request: Submit, owner: str) -> JobRequest:
    """What the worker gets of an accepted request."""
    same: dict[str, Any] = {
        name: getattr(request, name)
        for name in ("agent", "input", "backend", "model", "max_tokens", "temperature")
    }
    return JobRequest(job_id=job_id, owner=owner, **same)
