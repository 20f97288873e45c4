"""Cleans the registries of a worker's queues: lapsed leases, expired entries, jobs never started."""

from collections.abc import Callable
from typing import Any, Final

import structlog
from rq import Queue, worker_registration
from rq.group import Group
from rq.job import Job
from rq.registry import DeferredJobRegistry, FailedJobRegistry, FinishedJobRegistry, StartedJobRegistry
from rq.serializers import JSONSerializer
from rq.timeouts import BaseDeathPenalty
from rq.worker.base import BaseWorker

from workers.rq_async.popping import Recovery
from workers.rq_async.threads import within

CLEANING_S: Final = 30
"""The lock on a queue's clean-up ends by itself after this."""

Refusal = Callable[[Job], str | None]
"""Why nothing of the job may be executed; None if it may."""

_log = structlog.get_logger("worker")


class Registries:
    """Cleans the registries of the worker's queues, in any thread, one worker at a time."""

    def __init__(self, worker: BaseWorker, recovery: Recovery, refusal: Refusal) -> None:
        self._worker = worker
        self._recovery = recovery
        self._job_class = _reaped(worker.job_class, refusal)

    def clean(self) -> None:
        """Raises `RedisError`."""
        connection = self._worker.connection
        for queue in self._worker.queues:
            if connection.set(queue.registry_cleaning_key, 1, nx=True, ex=CLEANING_S):
                try:
                    self._clean(queue)
                finally:
                    queue.release_maintenance_lock()
        Group.clean_registries(connection=connection)

    def _clean(self, queue: Queue) -> None:
        given: dict[str, Any] = {
            "name": queue.name,
            "connection": queue.connection,
            "job_class": self._job_class,
            "serializer": JSONSerializer,
        }
        StartedJobRegistry(**given).cleanup(exception_handlers=self._worker._exc_handlers)  # noqa: SLF001
        for registry in (FinishedJobRegistry, FailedJobRegistry, DeferredJobRegistry):
            registry(**given).cleanup()
        worker_registration.clean_worker_registry(queue)
        self._recovery.recover(queue)


def _reaped(job_class: type[Job], refusal: Refusal) -> type[Job]:
    """The class of jobs whose worker died: RQ calls their failure callbacks while it cleans up."""

    class Reaped(job_class):  # type: ignore[misc, valid-type]
        def execute_failure_callback(self, _penalty: type[BaseDeathPenalty], *exc_info: Any) -> None:
            """Never raises, or every later clean-up would fail at the same job."""
            if not self._failure_callback_name or refusal(self) is not None:
                return
            try:
                timeout_s = self.failure_callback_timeout
                within(lambda: self.failure_callback(self, self.connection, *exc_info), timeout_s, "callback")
            except Exception:  # noqa: BLE001  the border to the job's own code
                _log.exception("failure_callback_failed", rq_job=self.id)

        def send_webhooks(self, *args: Any, **options: Any) -> None:
            if refusal(self) is None:
                super().send_webhooks(*args, **options)

    return Reaped
