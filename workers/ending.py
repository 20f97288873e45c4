"""Ends the job of a process that died without a word, so that nobody waits for it."""

import asyncio

from launch.settings import Settings
from shared_events.events import ErrorInfo, JobFailed, JobStatus, JobStatusChanged, encode_event, now_ms
from shared_events.ids import JobId, new_epoch
from shared_events.keys import Keys
from shared_events.log import Answer, JobLog
from shared_events.redis_client import connect


def end_lost_job(settings: Settings, job_id: JobId, message: str) -> None:
    """Write `job:failed {code: worker_lost}` unless the job has ended or is unknown."""
    asyncio.run(_end(settings, job_id, message))


async def _end(settings: Settings, job_id: JobId, message: str) -> None:
    redis = connect(settings.event_redis_url, max_connections=1)
    try:
        log = JobLog(redis, Keys(settings.key_prefix), lease_s=settings.lease_s)
        await fail_job(log, job_id, ErrorInfo(code="worker_lost", message=message, retryable=True))
    finally:
        await redis.aclose()


async def fail_job(log: JobLog, job_id: JobId, error: ErrorInfo) -> bool:
    """Take the job over and end it as failed; False if it had ended or is unknown."""
    epoch = new_epoch()
    claimed = await log.claim(job_id, epoch, new_attempt=False)
    if claimed.answer is not Answer.OK:
        return False
    at, head = now_ms(), claimed.head
    stalled = JobStatusChanged(
        job_id=job_id,
        sequence=head + 1,
        timestamp=at,
        status=JobStatus.STALLED,
        attempt=claimed.attempt,
        epoch=epoch,
    )
    failed = JobFailed(job_id=job_id, sequence=head + 2, timestamp=at, error=error)
    events = [encode_event(stalled), encode_event(failed)]
    appended = await log.append(job_id, epoch=epoch, previous=head, events=events, status=JobStatus.FAILED)
    return appended.answer is Answer.OK
