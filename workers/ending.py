"""Ends the jobs of processes that died without a word, so that nobody waits for them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from launch.settings import Settings
from shared_events.ending import end_job
from shared_events.events import ErrorInfo, JobFailed, JobStatus
from shared_events.ids import JobId
from shared_events.keys import Keys
from shared_events.log import JobLog
from shared_events.redis_client import connect

_LOST = ErrorInfo(code="worker_lost", message="The process that ran the job died.", retryable=True)

_log = structlog.get_logger("ending")


def end_lost_job(settings: Settings, job_id: JobId) -> None:
    """Write `job:failed {code: worker_lost}` unless the job has ended or is unknown."""
    asyncio.run(_with_log(settings, lambda log: _end(log, [job_id])))


def sweep(settings: Settings, job_ids: Sequence[JobId]) -> None:
    """Do so for those of these jobs whose writer's lease has run out."""

    async def end_abandoned(log: JobLog) -> None:
        await _end(log, await log.abandoned(job_ids))

    if job_ids:
        asyncio.run(_with_log(settings, end_abandoned))


async def _with_log(settings: Settings, work: Callable[[JobLog], Awaitable[None]]) -> None:
    redis = connect(settings.event_redis_url, max_connections=1)
    log = JobLog(redis, Keys(settings.key_prefix), lease_s=settings.lease_s)
    try:
        await work(log)
    finally:
        await log.aclose()


async def _end(log: JobLog, job_ids: Sequence[JobId]) -> None:
    for job_id in job_ids:
        if await end_job(log, job_id, JobStatus.STALLED, JobFailed, error=_LOST):
            _log.warning("job_lost", job=job_id)
