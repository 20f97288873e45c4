"""What keeps a job's log: the port that the real server and the pure model stand behind."""

from collections.abc import Coroutine
from typing import Any, Protocol, TypeVar

from shared_events.ids import JobId
from shared_events.keys import Keys
from tests.model.renewable_log import RenewableLog

T = TypeVar("T")

KEYS = Keys("model")


class Server(Protocol):
    """One master with one replica. It serves many worlds, one after the other; each begins with `lose`."""

    @property
    def log(self) -> RenewableLog:
        """The port itself."""

    def run(self, command: Coroutine[Any, Any, T]) -> T:
        """The answer to a command of `log`. Raises what the command raises."""

    def published(self) -> list[bytes]:
        """The messages of the bus since the last time that this was asked."""

    def replicate(self, job_id: JobId) -> None:
        """The replica has got as far as the master."""

    def fail_over(self, job_id: JobId) -> None:
        """The master is gone; the replica stands in, with what it had."""

    def run_out(self, job_id: JobId) -> None:
        """The lease of the job's writer runs out."""

    def lose(self, job_id: JobId) -> None:
        """Everything about the job is gone; the replica keeps what it had."""
