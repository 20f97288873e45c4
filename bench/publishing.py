"""How each system publishes the chunks of a job: the same fields, each by its own API."""

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

import msgspec
import socketio

from bench.orders import Load
from bench.payload import METADATA, chunk_text
from shared_events.events import JobCompleted, JobStatus, now_ms
from shared_events.fold import JobView
from shared_events.ids import JobId, new_epoch
from shared_events.keys import Keys
from shared_events.pipeline import PipelinedLog
from shared_events.redis_client import connect
from workers.origin import Origin
from workers.writer import Writer


class Publisher(Protocol):
    """`prepare` once, which also opens all connections; then `publish` each job, side by side."""

    async def prepare(self, load: Load) -> None: ...

    async def publish(self, job: str, load: Load) -> None:
        """Returns once Redis has taken all events of `job`."""

    async def aclose(self) -> None: ...


class JobcastPublisher:
    """A worker's writers: every event is numbered, stored in its job's log and published."""

    def __init__(self, redis_url: str) -> None:
        self._log = PipelinedLog(connect(redis_url), Keys())
        self._pipeline: asyncio.Task[None] | None = None
        self._writers: dict[str, Writer] = {}

    async def prepare(self, load: Load) -> None:
        self._pipeline = asyncio.create_task(self._log.pipeline.run(), name="pipeline")
        writers = await asyncio.gather(*(self._claim(JobId(job)) for job in load.jobs))
        self._writers = dict(zip(load.jobs, writers, strict=True))

    async def publish(self, job: str, load: Load) -> None:
        writer = self._writers[job]
        writing = asyncio.create_task(writer.run(), name=f"writer {job}")
        writer.status(JobStatus.RUNNING, attempt=1)
        async for _ in turns(load):
            await writer.chunk(chunk_text(), METADATA)
        writer.end(JobCompleted)
        await writing

    async def aclose(self) -> None:
        if self._pipeline is not None:
            self._pipeline.cancel()
        await self._log.aclose()

    async def _claim(self, job: JobId) -> Writer:
        fields = {"agent": "bench", "owner": "bench"}
        await self._log.create(job, new_epoch(), fields)
        epoch = new_epoch()
        await self._log.start(job, epoch)
        return Writer(self._log, job, epoch, Origin(JobView(job), fields=fields), on_answer=lambda _: None)


class StockPublisher:
    """`AsyncRedisManager(write_only=True)`, as external processes emit: published, stored nowhere."""

    def __init__(self, redis_url: str) -> None:
        self._manager = socketio.AsyncRedisManager(redis_url, write_only=True)

    async def prepare(self, load: Load) -> None:
        await asyncio.gather(*(self._manager.emit("nothing", {}, room="nobody") for _ in load.jobs))

    async def publish(self, job: str, load: Load) -> None:
        metadata = msgspec.to_builtins(METADATA)
        async for number in turns(load):
            chunk = {
                "jobId": job,
                "sequence": number,
                "timestamp": now_ms(),
                "chunk": chunk_text(),
                "metadata": metadata,
            }
            await self._manager.emit("model:chunk", chunk, room=job)

    async def aclose(self) -> None:
        await self._manager.redis.aclose()


async def turns(load: Load) -> AsyncIterator[int]:
    """1, 2, 3, … when each event of a job is due."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    for number in range(1, load.events_per_job + 1):
        if load.rate is not None:
            await asyncio.sleep(max(0.0, started + number / load.rate - loop.time()))
        yield number
