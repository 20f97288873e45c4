"""Ends the job of a process that died without a word, so that nobody waits for it."""

import asyncio

from launch.settings import Settings
from shared_events.ending import end_job
from shared_events.events import ErrorInfo, JobFailed, JobStatus
from shared_events.ids import JobId
from shared_events.keys import Keys
from shared_events.log import JobLog
from shared_events.redis_client import connect


def end_lost_job(settings: Settings, job_id: JobId, message: str) -> None:
    """Write `job:failed {code: worker_lost}` unless the job has ended or is unknown."""
    asyncio.run(_end(settings, job_id, message))


async def _end(settings: Settings, job_id: JobId, message: str) -> None:
    log = JobLog(connect(settings.event_redis_url, max_connections=1), Keys(settings.key_prefix))
    error = ErrorInfo(code="worker_lost", message=message, retryable=True)
    try:
        await end_job(log, job_id, JobStatus.STALLED, JobFailed, error=error)
    finally:
        await log.aclose()
