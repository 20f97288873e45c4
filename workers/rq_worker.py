"""Our contact with RQ's internals: a stock worker that only runs our function, and leaves nobody waiting."""

import os
import signal
import time
from contextlib import suppress
from resource import struct_rusage
from types import FrameType
from typing import Any

import structlog
from redis.exceptions import RedisError
from rq import Queue, Worker
from rq.job import Job
from rq.serializers import JSONSerializer

from launch.settings import Settings
from launch.tether import end_with
from shared_events.catalogue import announce, withdraw
from shared_events.contract import RUN_JOB, Announcement
from shared_events.ids import JobId, is_job_id
from shared_events.keys import Keys
from workers.ending import Sweeper, end_lost_job

WORKER_TTL_S = 20
"""An idle worker wakes 15 s before this to look around."""
MONITOR_EVERY_S = 10
LOOK_EVERY_S = 4.0
"""A worker announces itself, and looks for lost jobs, at most so often."""

_log = structlog.get_logger("worker")


class JobcastWorker(Worker):
    """One job at a time, each in a forked process. Made for `rq.worker_pool.WorkerPool`."""

    def __init__(
        self, queues: Any, *, settings: Settings, announcement: Announcement, **options: Any
    ) -> None:
        options |= {"serializer": JSONSerializer, "worker_ttl": WORKER_TTL_S}
        super().__init__(queues, job_monitoring_interval=MONITOR_EVERY_S, **options)
        self._settings = settings
        self._announcement = announcement
        self._sweeper = Sweeper(settings)
        self._look_again_at = 0.0
        self._horse_status: int | None = 0

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Run `job` if it is one of ours: a queue entry names a function, and there is just one to name."""
        if not _is_ours(job):
            _log.error("job_refused", rq_job=job.id, allowed=RUN_JOB)
            self.prepare_execution(job)
            self.handle_job_failure(job, queue, exc_string=f"Refused: only {RUN_JOB} may be called.")
            return
        super().execute_job(job, queue)
        if self._horse_status:  # killed or crashed: it may have had no time for an end
            with suppress(RedisError):  # then the sweeper does it
                end_lost_job(self._settings, JobId(job.id))

    def wait_for_horse(self) -> tuple[int | None, int | None, struct_rusage | None]:
        pid, status, usage = super().wait_for_horse()
        self._horse_status = status
        return pid, status, usage

    def maintain_heartbeats(self, job: Job) -> None:
        """A Redis that is away is no reason to leave a job that runs: its writer waits for Redis, too."""
        with suppress(RedisError):
            super().maintain_heartbeats(job)

    def set_current_job_working_time(self, *args: Any, **kwargs: Any) -> None:
        with suppress(RedisError):
            super().set_current_job_working_time(*args, **kwargs)

    def heartbeat(self, *args: Any, **kwargs: Any) -> None:
        super().heartbeat(*args, **kwargs)
        if self.is_horse or time.monotonic() < self._look_again_at:
            return
        self._look_again_at = time.monotonic() + LOOK_EVERY_S
        announce(self.connection, Keys(self._settings.key_prefix), self.name, self._announcement)
        queued = {job_id for queue in self.queues for job_id in queue.get_job_ids()}
        self._sweeper.sweep(queued)

    def register_death(self) -> None:
        withdraw(self.connection, Keys(self._settings.key_prefix), self.name)
        super().register_death()  # type: ignore[no-untyped-call]

    def work(self, *args: Any, **kwargs: Any) -> bool:
        end_with(os.getppid())
        return super().work(*args, **kwargs)

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        end_with(os.getppid())
        super().main_work_horse(job, queue)

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        if self.horse_pid:
            os.kill(self.horse_pid, signal.SIGTERM)
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]


def _is_ours(job: Job) -> bool:
    callbacks = (job._success_callback_name, job._failure_callback_name, job._stopped_callback_name)  # noqa: SLF001
    return (
        job.func_name == RUN_JOB
        and is_job_id(job.id)
        and not any(isinstance(name, str) for name in callbacks)
    )
