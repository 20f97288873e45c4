"""The queue: an RQ entry for each job that is to be run. Whoever takes it finds the rest in the log.

Synchronous, as RQ is: never call it on an event loop.
"""

from collections.abc import Iterable, Iterator
from typing import Final, cast

import redis
from rq import Queue
from rq.intermediate_queue import IntermediateQueue
from rq.registry import FailedJobRegistry, ScheduledJobRegistry, StartedJobRegistry
from rq.serializers import JSONSerializer

from shared_events.contract import RUN_JOB
from shared_events.ids import JobId
from shared_events.keys import Keys

QUEUED_TTL_S: Final = 24 * 3600
"""A queue entry that no worker took for so long is dropped."""
_NO_LIMIT: Final = -1
"""RQ ends no job of ours: each has the time limit of its agent."""


class JobQueue:
    """Queues are named as in `Keys.queue`, without the prefix."""

    def __init__(self, connection: redis.Redis, keys: Keys) -> None:
        self._connection = connection
        self._keys = keys

    def put(self, job_id: JobId, queue: str, *, agent: str, first: bool = False) -> None:
        """Enqueue the job, `first` of all in its queue or last."""
        target = self._queue(queue)
        target.enqueue_call(
            RUN_JOB,
            kwargs={"job_id": job_id},
            job_id=job_id,
            timeout=_NO_LIMIT,
            result_ttl=60,
            failure_ttl=3600,
            ttl=QUEUED_TTL_S,
            description=f"{agent} {job_id}",
            at_front=first,
        )
        FailedJobRegistry(queue=target).remove(job_id)

    def waiting(self, queues: Iterable[str]) -> set[str]:
        """The ids of all jobs that wait in `queues`, now or until their time, or that a worker has taken.

        Read in the order in which a job moves on, so that one which moves meanwhile is not missed. What is
        no id is left to those who take it.
        """
        found: set[str] = set()
        for name in queues:
            queue = self._queue(name)
            found.update(self._in_set(ScheduledJobRegistry(queue=queue).key))  # type: ignore[no-untyped-call]
            found.update(self._in_list(queue.key))
            found.update(self._in_list(IntermediateQueue.get_intermediate_queue_key(queue.key)))
            found.update(self._in_set(StartedJobRegistry(queue=queue).key))
        return found

    def _in_list(self, key: str) -> Iterator[str]:
        return _ids(cast("list[bytes]", self._connection.lrange(key, 0, -1)))

    def _in_set(self, key: str) -> Iterator[str]:
        # Not by the registry itself: it would take out what has run out, and stumble over what is no text.
        return _ids(cast("list[bytes]", self._connection.zrange(key, 0, -1)))

    def _queue(self, name: str) -> Queue:
        return Queue(self._keys.queue(name), connection=self._connection, serializer=JSONSerializer)


def _ids(entries: Iterable[bytes]) -> Iterator[str]:
    """A started job is entered as `<id>:<execution>`."""
    return (entry.decode(errors="replace").partition(":")[0] for entry in entries)
