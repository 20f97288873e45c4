"""Jobs as a sweeper finds them: accepted, enqueued, under way."""

from collections.abc import Sequence
from typing import Any

import msgspec
import redis

from shared_events.answers import Look
from shared_events.contract import JobRequest
from shared_events.ending import say, status_of
from shared_events.events import Event, JobStatus, JobStatusChanged, decode_event
from shared_events.ids import JobId, new_epoch, new_job_id
from shared_events.keys import Keys
from shared_events.log import JobLog
from shared_events.open_jobs import OpenJobs
from shared_events.queue import JobQueue


class Jobs:
    """All of one test, with their queues."""

    def __init__(self, log: JobLog, open_jobs: OpenJobs, connection: redis.Redis, keys: Keys) -> None:
        self.log, self.open, self.connection, self.keys = log, open_jobs, connection, keys
        self.queue = JobQueue(connection, keys)

    async def accepted(self, **fields: str) -> JobId:
        """In the log, in no queue."""
        job_id, epoch = new_job_id(), new_epoch()
        await self.open.add(job_id)
        request = JobRequest(job_id=job_id, agent="chat", input={}, owner="dev")
        named = {"agent": "chat", "owner": "dev", "queue": "high"} | fields
        claimed = await self.log.create(job_id, epoch, named, request=msgspec.json.encode(request))
        await say(self.log, job_id, epoch, claimed, [status_of(job_id, epoch, claimed, JobStatus.QUEUED)])
        return job_id

    async def running(self, *, attempts: int = 3, **fields: str) -> JobId:
        """An attempt has begun."""
        job_id = await self.accepted(**fields)
        await self.begin(job_id, attempts=attempts)
        return job_id

    async def begin(self, job_id: JobId, *, attempts: int = 3) -> None:
        epoch = new_epoch()
        claimed = await self.log.start(job_id, epoch, {"attempts": str(attempts)})
        await say(self.log, job_id, epoch, claimed, [status_of(job_id, epoch, claimed, JobStatus.RUNNING)])

    async def look(self, job_id: JobId) -> Look:
        (look,) = await self.log.looks([job_id])
        assert look is not None
        return look

    async def events(self, job_id: JobId) -> list[Event]:
        return [decode_event(event) for event in (await self.log.read_after(job_id, 0)).events]

    async def statuses(self, job_id: JobId) -> list[JobStatus]:
        return [event.status for event in await self.events(job_id) if isinstance(event, JobStatusChanged)]

    def queued(self, queue: str = "high") -> list[str]:
        listed: Sequence[Any] = self.connection.lrange(f"rq:queue:{self.keys.queue(queue)}", 0, -1)
        return [job_id.decode() for job_id in listed]
