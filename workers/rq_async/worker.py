"""The RQ worker: what it is told, and what RQ's handlers ask of it. `Service` does the work."""

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import structlog
from redis import Redis
from rq import Queue
from rq.defaults import DEFAULT_LOGGING_DATE_FORMAT, DEFAULT_LOGGING_FORMAT
from rq.job import Job
from rq.logutils import setup_loghandlers
from rq.serializers import JSONSerializer, resolve_serializer
from rq.utils import ensure_job_list, get_connection_from_queues
from rq.worker import DequeueStrategy
from rq.worker.base import BaseWorker

from workers.rq_async.connection import own_connection
from workers.rq_async.ending import NoDeathPenalty
from workers.rq_async.jobs import Terms
from workers.rq_async.running import CallJob, Running
from workers.rq_async.service import Limits, Service

CONCURRENCY: Final = 200
DRAIN_S: Final = 25.0
LEASE_S: Final = 20.0

_log = structlog.get_logger("worker")
# RQ tells several lines about each job that goes well.
_rq_log = logging.getLogger("rq.worker.asyncio")
_rq_log.setLevel(logging.WARNING)


class AsyncioWorker(BaseWorker):
    """A genuine RQ worker that runs up to `concurrency` jobs at once, on the caller's event loop.

    `begin` makes what runs a job. `may_run` says whether anything of a job may be executed, its callbacks
    and webhooks included: False, or whatever it raises, fails the job; it is called in threads. When the
    process dies, others take its jobs for abandoned after `lease_s`. `options` are those of `rq.Worker`.
    """

    death_penalty_class = NoDeathPenalty

    def __init__(  # noqa: PLR0913  named ones
        self,
        queues: str | Queue | Sequence[str] | Sequence[Queue],
        name: str | None = None,
        *,
        begin: Callable[[Job], Running] = CallJob,
        may_run: Callable[[Job], bool] = lambda _job: True,
        concurrency: int = CONCURRENCY,
        drain_s: float = DRAIN_S,
        lease_s: float = LEASE_S,
        **options: Any,
    ) -> None:
        _refuse_other_than_json(options.get("serializer"))
        given = ensure_job_list(queues)
        connection = _connection_for(given, options)
        # RQ would ask Redis for our address here, and so block the caller's loop.
        prepare = options.pop("prepare_for_work", True)
        options |= {"connection": connection, "serializer": JSONSerializer, "prepare_for_work": False}
        super().__init__([_name_of(queue) for queue in given], name, **options)
        if prepare:
            self.hostname, self.pid = socket.gethostname(), os.getpid()
        self.log = _rq_log
        self._terms = Terms(begin, may_run, concurrency, drain_s, lease_s)
        self._service: Service | None = None
        self._drain_asked: str | None = None

    async def serve(
        self,
        *,
        burst: bool = False,
        max_jobs: int | None = None,
        max_idle_s: float | None = None,
        with_scheduler: bool = True,
    ) -> bool:
        """Work until told to stop, or as the arguments say; whether a job was taken.

        SIGINT and SIGTERM drain: no new jobs, `drain_s` for those that run, then they are given back; a
        second signal gives them back at once. `burst` ends when the queues are empty. An absent Redis
        raises nothing, whenever it goes. Raises `ValueError` if a living worker has this name.
        """
        limits = Limits(burst, max_jobs, max_idle_s, with_scheduler)
        self._service = Service(self, self._terms, limits)
        if self._drain_asked is not None:
            self._service.request_drain(self._drain_asked)
        try:
            return await self._service.run()
        finally:
            self._service = None

    def work(  # noqa: PLR0913, PLR0917  RQ's signature
        self,
        burst: bool = False,
        logging_level: str | None = None,
        date_format: str = DEFAULT_LOGGING_DATE_FORMAT,
        log_format: str = DEFAULT_LOGGING_FORMAT,
        max_jobs: int | None = None,
        max_idle_time: int | None = None,
        with_scheduler: bool = False,
        dequeue_strategy: DequeueStrategy = DequeueStrategy.DEFAULT,
    ) -> bool:
        """`serve` in an event loop of its own: what `rq worker` and `rq.worker_pool` call."""
        setup_loghandlers(logging_level, date_format, log_format, name="rq.worker")
        self._dequeue_strategy = dequeue_strategy
        serving = self.serve(
            burst=burst, max_jobs=max_jobs, max_idle_s=max_idle_time, with_scheduler=with_scheduler
        )
        return asyncio.run(serving)

    def request_drain(self, why: str) -> None:
        """What the first SIGTERM does. Call it on the event loop."""
        self._drain_asked = why
        if self._service is not None:
            self._service.request_drain(why)

    def request_hand_back(self, why: str) -> None:
        """What a second SIGTERM does: the jobs that run are given back at once. Call it on the event loop."""
        self.request_drain(why)
        if self._service is not None:
            self._service.hurry()

    @property
    def running(self) -> int:
        """How many jobs this worker holds now."""
        return 0 if self._service is None else self._service.running

    def get_heartbeat_ttl(self, job: Job) -> int:  # noqa: ARG002  RQ's signature
        """Seconds."""
        return self._terms.lease_ttl_s

    def handle_exception(self, job: Job, *exc_info: Any) -> None:
        """Log an error that has no code; one that has was told where it arose."""
        kind, error = exc_info[0], exc_info[1]
        if isinstance(getattr(kind, "code", None), str):
            _log.debug("job_failed", rq_job=job.id, code=kind.code, error=str(error))
        else:
            _log.error("job_failed", rq_job=job.id, error=repr(error), exc_info=exc_info)
        for handler in self._exc_handlers:
            goes_on = handler(job, *exc_info)
            if goes_on is not None and not goes_on:
                break

    def _set_connection(self, connection: Redis) -> Redis:
        """RQ would raise its time-out to minutes."""
        return connection


def _refuse_other_than_json(serializer: Any) -> None:
    if serializer is not None and resolve_serializer(serializer) is not JSONSerializer:
        raise ValueError(f"Jobs are read as JSON only, not with {serializer!r}: pickle can run anything.")


def _connection_for(queues: Iterable[str | Queue], options: dict[str, Any]) -> Redis:
    connection = options.get("connection") or get_connection_from_queues(queues)
    if connection is None:
        raise ValueError("A worker needs a `connection`, or queues that have one.")
    return own_connection(connection)


def _name_of(queue: str | Queue) -> str:
    return queue.name if isinstance(queue, Queue) else queue
