"""Takes jobs off the queues, each through its queue's intermediate list, and puts back those lost there.

A popped job stays in the list until it is marked as started, so a worker that dies in between loses nothing.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final, cast

import msgspec
import structlog
from redis import Redis
from rq import Queue
from rq.job import Job
from rq.suspension import is_suspended
from rq.utils import as_text, now

ALONE_WAIT_S: Final = 1.0
"""So long a worker with one queue waits for a job at a time."""
FIRST_WAIT_S: Final = 0.2
"""So long one with several waits at the first, before it looks at the others again."""

_RECOVER = (Path(__file__).parent / "recover.lua").read_text()

_log = structlog.get_logger("worker")


class Popped(msgspec.Struct, frozen=True, eq=False):
    """One pop: two of the same job are not the same."""

    job_id: str
    queue: Queue


class Suspended(msgspec.Struct, frozen=True):
    """`rq suspend` holds: nothing may be popped."""


def pop(connection: Redis, queues: Sequence[Queue], *, wait: bool) -> Popped | Suspended | None:
    """The next job of the first queue that has one; with `wait`, one that comes within a moment."""
    if is_suspended(connection):
        return Suspended()
    for queue in queues:
        while (entry := connection.lmove(queue.key, queue.intermediate_queue_key)) is not None:
            popped = _understood(queue, cast("bytes", entry))
            if popped is not None:
                return popped
    return _wait_for_first(connection, queues) if wait else None


def _wait_for_first(connection: Redis, queues: Sequence[Queue]) -> Popped | None:
    first = queues[0]
    wait_s = ALONE_WAIT_S if len(queues) == 1 else FIRST_WAIT_S
    # redis-py's annotation asks for whole seconds; the server takes fractions.
    entry = connection.blmove(first.key, first.intermediate_queue_key, cast("int", wait_s))
    return None if entry is None else _understood(first, cast("bytes", entry))


def _understood(queue: Queue, entry: bytes) -> Popped | None:
    """What was popped; None for what cannot be the id of a job, which is dropped."""
    try:
        return Popped(entry.decode(), queue)
    except UnicodeDecodeError:
        # In the list it would stop RQ, and everybody who looks for lost jobs there.
        _log.warning("entry_dropped", queue=queue.name, entry=repr(entry[:40]))
        queue.connection.lrem(queue.intermediate_queue_key, 1, cast("str", entry))
        return None


class Recovery:
    """Puts back jobs that were popped and not started for `lease_s`.

    `held` tells which jobs this worker has popped; other workers keep theirs from ageing (`Leases`).
    """

    def __init__(self, connection: Redis, lease_s: float, held: Callable[[], Collection[str]]) -> None:
        self._script = connection.register_script(_RECOVER)
        self._lease = timedelta(seconds=lease_s)
        self._held = held

    def recover(self, queue: Queue) -> None:
        """Look through the queue's intermediate list once. Raises `RedisError`."""
        lost = self._entries(queue) - set(self._held())
        if not lost:
            return
        started = set(queue.started_job_registry.get_job_ids(cleanup=False))
        for job_id in lost - started:
            if self._is_old(queue, job_id):
                _log.warning(
                    "job_recovered", rq_job=job_id, queue=queue.name, done=self.put_back(queue, job_id)
                )

    def _entries(self, queue: Queue) -> set[str]:
        entries = cast("list[bytes]", queue.connection.lrange(queue.intermediate_queue_key, 0, -1))
        popped = [_understood(queue, entry) for entry in entries]
        return {each.job_id for each in popped if each is not None}

    def put_back(self, queue: Queue, job_id: str) -> str:
        """Take the job off the intermediate list; the answers are in `recover.lua`. Raises `RedisError`."""
        intermediate = queue.intermediate_queue
        keys = [intermediate.key, queue.key, Job.key_for(job_id), intermediate.get_first_seen_key(job_id)]
        return str(as_text(self._script(keys=keys, args=[job_id])))

    def _is_old(self, queue: Queue, job_id: str) -> bool:
        intermediate = queue.intermediate_queue
        if intermediate.set_first_seen(job_id):
            return False
        first_seen = intermediate.get_first_seen(job_id)
        return first_seen is not None and now() - first_seen > self._lease
