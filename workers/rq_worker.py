"""Our contact with RQ's internals: a stock worker that only runs our function, and leaves nobody waiting."""

import os
import signal
from types import FrameType
from typing import Any

import structlog
from rq import Queue, Worker
from rq.job import Job
from rq.serializers import JSONSerializer

from launch.settings import Settings
from launch.tether import end_with
from shared_events.catalogue import announce, withdraw
from shared_events.contract import RUN_JOB, Announcement
from shared_events.ids import JobId, is_job_id
from shared_events.keys import Keys
from workers.ending import end_lost_job, sweep

WORKER_TTL_S = 40
"""An idle worker wakes 15 s before this to announce itself again."""
MONITOR_EVERY_S = 10

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

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Run `job` if it is one of ours: a queue entry names a function, and there is just one to name."""
        if not _is_ours(job):
            _log.error("job_refused", rq_job=job.id, allowed=RUN_JOB)
            self.prepare_execution(job)
            self.handle_job_failure(job, queue, exc_string=f"Refused: only {RUN_JOB} may be called.")
            return
        super().execute_job(job, queue)

    def heartbeat(self, *args: Any, **kwargs: Any) -> None:
        super().heartbeat(*args, **kwargs)
        if not self.is_horse:
            announce(self.connection, Keys(self._settings.key_prefix), self.name, self._announcement)
            sweep(self._settings, self._started())

    def register_death(self) -> None:
        withdraw(self.connection, Keys(self._settings.key_prefix), self.name)
        super().register_death()  # type: ignore[no-untyped-call]

    def handle_job_failure(self, job: Job, queue: Queue, *args: Any, **kwargs: Any) -> None:
        super().handle_job_failure(job, queue, *args, **kwargs)
        # In the parent this means that the job's process died; it may have had no time for an end.
        if not self.is_horse and is_job_id(job.id):
            end_lost_job(self._settings, JobId(job.id))

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

    def _started(self) -> list[JobId]:
        """The jobs that RQ takes for running, of all workers."""
        registries = [queue.started_job_registry for queue in self.queues]
        ids = [job_id for registry in registries for job_id in registry.get_job_ids(cleanup=False)]
        return [JobId(job_id) for job_id in ids if is_job_id(job_id)]


def _is_ours(job: Job) -> bool:
    callbacks = (job._success_callback_name, job._failure_callback_name, job._stopped_callback_name)  # noqa: SLF001
    return (
        job.func_name == RUN_JOB
        and is_job_id(job.id)
        and not any(isinstance(name, str) for name in callbacks)
    )
