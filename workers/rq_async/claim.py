"""One job that this worker has taken: it marks the job as started, and ends our part in it once."""

import copy
from collections.abc import Callable
from typing import Final
from uuid import uuid4

from redis.client import Pipeline
from redis.exceptions import RedisError
from rq import Queue
from rq.exceptions import NoSuchJobError
from rq.executions import Execution, ExecutionRegistry
from rq.job import Job, JobStatus
from rq.registry import StartedJobRegistry
from rq.worker import WorkerStatus
from rq.worker.base import BaseWorker

OVER: Final = {JobStatus.CANCELED, JobStatus.STOPPED, JobStatus.FINISHED, JobStatus.FAILED}


class NotApplied(RedisError):
    """RQ's handler swallowed an error of Redis: our execution still stands."""


class Claim:
    """Owns a view of the worker: RQ's handlers keep the one job that they know of in the worker's fields.

    Its methods are synchronous, raise `RedisError`, and may be repeated after it.
    """

    def __init__(self, worker: BaseWorker, queue: Queue, job_id: str, lease_s: int) -> None:
        self._worker = worker
        self._lease_s = lease_s
        self.queue = queue
        self.job_id = job_id
        self.job: Job | None = None
        # Made once: the same execution when the answer of Redis was lost and `begin` is repeated.
        self.execution = Execution(uuid4().hex, job_id, worker.connection, worker.name)

    def begin(self) -> bool:
        """Mark the job as started by us. False if it is cancelled, over, gone, or back in its queue."""
        try:
            worker = self._worker
            self.job = job = worker.job_class.fetch(self.job_id, worker.connection, worker.serializer)
        except NoSuchJobError:
            return self._drop()
        if job.get_status(refresh=False) in OVER:
            return self._drop()
        if not (self.is_registered() or self._is_popped()):
            return False
        with self._worker.connection.pipeline() as pipeline:
            self._start(job, pipeline)
            pipeline.execute()
        return True

    def is_registered(self) -> bool:
        """Whether our execution stands among the started ones: nobody has ended it, neither we nor others."""
        return self._worker.connection.zscore(self._registry.key, self.execution.composite_key) is not None

    def beat(self, pipeline: Pipeline) -> None:
        """Renew the lease."""
        self.execution.heartbeat(self._registry, self._lease_s, pipeline=pipeline)

    def apply(self, change: "Change") -> None:
        """Call one of RQ's handlers, whose transaction also removes our execution.

        On copies: a handler changes the job and the worker before it knows whether Redis took it.
        """
        assert self.job is not None
        view, job = copy.copy(self._worker), copy.copy(self.job)
        view.execution = self.execution
        change(view, job, self.queue)
        if self.is_registered():
            raise NotApplied(f"The end of the job {self.job_id} has not reached Redis.")

    @property
    def _registry(self) -> StartedJobRegistry:
        registry: StartedJobRegistry = (self.job or self.queue).started_job_registry
        return registry

    def _is_popped(self) -> bool:
        popped = self._worker.connection.lpos(self.queue.intermediate_queue_key, self.job_id)
        return popped is not None

    def _drop(self) -> bool:
        self.queue.intermediate_queue.remove(self.job_id)
        return False

    def _start(self, job: Job, pipeline: Pipeline) -> None:
        # What RQ does in two transactions: a crash between them would leave the job in neither state.
        execution, intermediate = self.execution, self.queue.intermediate_queue
        view = copy.copy(self._worker)
        execution.save(self._lease_s, pipeline=pipeline)
        executions = ExecutionRegistry(job.id, self._worker.connection)
        executions.add(execution, self._lease_s, pipeline=pipeline)
        self._registry.add_execution(execution, pipeline=pipeline, ttl=self._lease_s)
        view.set_state(WorkerStatus.BUSY, pipeline=pipeline)
        view.set_current_job_id(job.id, pipeline=pipeline)
        job.prepare_for_execution(view.name, pipeline=pipeline)
        pipeline.persist(job.key)
        pipeline.lrem(intermediate.key, 1, job.id)
        pipeline.delete(intermediate.get_first_seen_key(job.id))


Change = Callable[[BaseWorker, Job, Queue], None]
"""Gets a view of the worker, the job and its queue."""
