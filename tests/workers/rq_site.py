"""A place for tests of the RQ worker: queues of one's own on a Redis, and workers that serve them here."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import redis
from rq import Queue
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from tests.waiting import eventually
from workers.rq_async import AsyncioWorker
from workers.rq_async.connection import own_connection

JOBS = "tests.workers.rq_jobs"


class Site:
    """Queues `high`, `default` and `low` under a prefix of this test's own, and a name for its jobs."""

    def __init__(self, url: str) -> None:
        self.connection = own_connection(redis.Redis.from_url(url))
        self.name = f"t{secrets.token_hex(4)}"

    def queue(self, name: str = "default") -> Queue:
        return Queue(f"{self.name}-{name}", connection=self.connection, serializer=JSONSerializer)

    def enqueue(self, function: str, *args: Any, queue: str = "default", **options: Any) -> Job:
        return self.queue(queue).enqueue(f"{JOBS}.{function}", *args, **options)

    def worker(self, *queues: str, **options: Any) -> AsyncioWorker:
        options = {"concurrency": 50, "drain_s": 5, "lease_s": 2} | options
        names = [self.queue(name).name for name in queues or ("default",)]
        return AsyncioWorker(names, connection=self.connection, **options)

    async def burst(self, *queues: str, **options: Any) -> AsyncioWorker:
        worker = self.worker(*queues, **options)
        await worker.serve(burst=True)
        return worker

    @asynccontextmanager
    async def serving(self, *queues: str, **options: Any) -> AsyncIterator[AsyncioWorker]:
        """A worker in this test's loop; it is drained at the end."""
        worker = self.worker(*queues, **options)
        async with serving(worker):
            yield worker

    def leftovers(self) -> set[bytes]:
        """Keys that stand for a job that is being worked on.

        But for the note of a worker that saw a job just before another one took it: it expires by itself.
        """
        keys = {
            key for pattern in ("rq:execution*", "rq:wip:*", "*:intermediate*") for key in self._keys(pattern)
        }
        return {key for key in keys if self.name.encode() in key and not self._is_fleeting(key)}

    def _is_fleeting(self, key: bytes) -> bool:
        return b":first_seen:" in key and self.connection.ttl(key) > 0

    def _keys(self, pattern: str) -> list[bytes]:
        return list(self.connection.scan_iter(pattern))


@asynccontextmanager
async def serving(worker: AsyncioWorker) -> AsyncIterator[asyncio.Task[bool]]:
    task = asyncio.create_task(worker.serve())
    try:
        yield task
    finally:
        worker.request_drain("the test is over")
        await task


async def status_is(job: Job, status: JobStatus, timeout_s: float = 10.0) -> None:
    await eventually(lambda: job.get_status() == status, timeout_s)


async def listening(site: Site, worker: AsyncioWorker) -> None:
    """Until the worker hears commands."""
    channel = worker.pubsub_channel_name
    await eventually(lambda: dict(site.connection.pubsub_numsub(channel))[channel.encode()] == 1)


class Obstinate:
    """Runs until it is asked to end, and then does what the test says."""

    def __init__(self, when_stopped: BaseException | str, when_given_back: BaseException | str) -> None:
        self._answers = {"stop": when_stopped, "give_back": when_given_back}
        self._asked: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.began = False

    async def run(self) -> object:
        self.began = True
        answer = self._answers[await self._asked]
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def stop(self) -> None:
        self._asked.set_result("stop")

    def give_back(self) -> None:
        self._asked.set_result("give_back")
