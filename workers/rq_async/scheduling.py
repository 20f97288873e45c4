"""RQ's scheduler, ticked in this process: RQ's own way is to fork one."""

import logging
import time
from typing import Final

from rq.scheduler import RQScheduler
from rq.serializers import JSONSerializer
from rq.worker.base import BaseWorker

from workers.rq_async.connection import disconnect

ASK_FOR_LOCKS_S: Final = 10.0
"""A scheduler that died is replaced within this and the minute that its lock lives."""


class Scheduler:
    """For the worker's queues. Synchronous."""

    def __init__(self, worker: BaseWorker) -> None:
        self._scheduler = RQScheduler(
            worker.queues,
            connection=worker.connection,
            logging_level=logging.WARNING,
            serializer=JSONSerializer,
        )
        self._names = set(worker.queue_names())
        self._ask_again_at = 0.0
        self._is_born = False

    def tick(self) -> None:
        """Enqueue what is due on the queues that no other scheduler has. Raises `RedisError`."""
        if not self._is_born:
            self._scheduler.register_birth()
            self._is_born = True
        if self._scheduler.acquired_locks != self._names and time.monotonic() >= self._ask_again_at:
            self._ask_again_at = time.monotonic() + ASK_FOR_LOCKS_S
            self._scheduler.acquire_locks()
        self._scheduler.heartbeat()
        self._scheduler.enqueue_scheduled_jobs()

    def stop(self) -> None:
        """Leave the queues to another scheduler. Raises `RedisError`."""
        self._scheduler.release_locks()
        self._scheduler.register_death()

    def close(self) -> None:
        disconnect(self._scheduler.connection)
