"""The pure server: the model of the log, and a replica that is a copy."""

from collections.abc import Coroutine
from typing import Any, TypeVar

from shared_events.ids import JobId
from tests.model.model_log import ModelLog
from tests.model.stored import RUN_OUT, Stored

T = TypeVar("T")


class ModelServer:
    """Implements `server.Server` in memory."""

    def __init__(self) -> None:
        self.log = ModelLog()
        self._replica: dict[JobId, Stored] = {}

    def run(self, command: Coroutine[Any, Any, T]) -> T:
        try:
            command.send(None)
        except StopIteration as done:
            answer: T = done.value
            return answer
        raise AssertionError("a command of the model waits")

    def published(self) -> list[bytes]:
        messages, self.log.bus = self.log.bus, []
        return messages

    def replicate(self, job_id: JobId) -> None:
        _copy(job_id, self.log.jobs, self._replica)

    def fail_over(self, job_id: JobId) -> None:
        _copy(job_id, self._replica, self.log.jobs)

    def run_out(self, job_id: JobId) -> None:
        if job_id in self.log.jobs:
            self.log.jobs[job_id].lease = RUN_OUT

    def lose(self, job_id: JobId) -> None:
        self.log.jobs.pop(job_id, None)


def _copy(job_id: JobId, source: dict[JobId, Stored], target: dict[JobId, Stored]) -> None:
    target.pop(job_id, None)
    if job_id in source:
        target[job_id] = source[job_id].copy()
