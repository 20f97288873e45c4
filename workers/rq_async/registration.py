"""How a worker is listed in RQ (`rq info`), from its start to its end."""

from redis.exceptions import RedisError
from rq.worker import WorkerStatus
from rq.worker.base import BaseWorker


class Registration:
    """Synchronous; raises `RedisError`, and may be repeated after it."""

    def __init__(self, worker: BaseWorker) -> None:
        self._worker = worker
        self._was_asked = False

    def begin(self) -> None:
        """Raises `ValueError` if a living worker has this name."""
        worker = self._worker
        worker._set_ip_address(worker.connection)  # noqa: SLF001
        try:
            worker.register_birth()
        except RedisError:
            self._was_asked = True
            raise
        except ValueError:
            if not self._was_asked:  # it is this worker: only the answer was lost
                raise
        worker.set_state(WorkerStatus.IDLE)

    def end(self) -> None:
        self._worker.register_death()
