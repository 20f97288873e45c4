"""Ends the jobs that nobody runs any more, so that nobody waits for them."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import Final

import structlog

from launch.settings import Settings
from shared_events.ending import end_job
from shared_events.events import ErrorInfo, JobFailed, JobStatus
from shared_events.ids import JobId
from shared_events.keys import Keys
from shared_events.log import JobLog, Standing
from shared_events.open_jobs import OpenJobs
from shared_events.redis_client import connect

_DIED = ErrorInfo(code="worker_lost", message="The process that ran the job died.", retryable=True)
_LOST = ErrorInfo(code="worker_lost", message="The job was lost before it began.", retryable=True)

LOOKS: Final = 3
"""So many times in a row a job must be in no queue to count as lost."""

_log = structlog.get_logger("ending")

Work = Callable[[JobLog, OpenJobs], Awaitable[None]]


def end_lost_job(settings: Settings, job_id: JobId) -> None:
    """End the job of a process that died; nothing happens if it had ended."""

    async def work(log: JobLog, open_jobs: OpenJobs) -> None:
        await _end(log, job_id, _DIED)
        await open_jobs.remove([job_id])

    asyncio.run(_with_log(settings, work))


class Sweeper:
    """Looks through the open jobs now and then."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._looks: dict[JobId, int] = {}

    def sweep(self, queued: Collection[str]) -> None:
        """End what fell silent, and what has not begun and is not in the queues either."""
        asyncio.run(_with_log(self._settings, lambda log, open_jobs: self._sweep(log, open_jobs, queued)))

    async def _sweep(self, log: JobLog, open_jobs: OpenJobs, queued: Collection[str]) -> None:
        ids = await open_jobs.oldest()
        stands = dict(zip(ids, await log.standings(ids), strict=True)) if ids else {}
        silent = [job_id for job_id, standing in stands.items() if standing is Standing.SILENT]
        waiting = {job_id for job_id, standing in stands.items() if standing is Standing.WAITING}
        lost = self._seen_often(waiting - set(queued))
        for job_ids, error in ((silent, _DIED), (lost, _LOST)):
            for job_id in job_ids:
                await _end(log, job_id, error)
        over = [job_id for job_id, one in stands.items() if one in {Standing.GONE, Standing.ENDED}]
        await open_jobs.remove([*over, *silent, *lost])

    def _seen_often(self, unqueued: set[JobId]) -> list[JobId]:
        """An entry that a worker has just taken is in no queue for a moment: only the last look counts."""
        self._looks = {job_id: self._looks.get(job_id, 0) + 1 for job_id in unqueued}
        return [job_id for job_id, looks in self._looks.items() if looks >= LOOKS]


async def _with_log(settings: Settings, work: Work) -> None:
    redis = connect(settings.event_redis_url, max_connections=1)
    keys = Keys(settings.key_prefix)
    try:
        await work(JobLog(redis, keys, lease_s=settings.lease_s), OpenJobs(redis, keys))
    finally:
        await redis.aclose()


async def _end(log: JobLog, job_id: JobId, error: ErrorInfo) -> None:
    if await end_job(log, job_id, JobStatus.STALLED, JobFailed, error=error):
        _log.warning("job_lost", job=job_id, reason=error.message)
