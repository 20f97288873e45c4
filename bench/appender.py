"""A process that appends to many jobs, without agents: `python -m bench.appender ORDER`."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, Protocol

from bench.orders import Appended, AppendOrder, Ready, answer, read_order, wait_for_go
from bench.payload import METADATA
from shared_events.answers import Answer
from shared_events.answers import Appended as Reply
from shared_events.events import (
    Event,
    JobCompleted,
    JobStatus,
    JobStatusChanged,
    ModelChunk,
    encode_event,
    now_ms,
)
from shared_events.ids import Epoch, JobId, new_epoch
from shared_events.keys import Keys
from shared_events.log import JobLog
from shared_events.pipeline import PipelinedLog
from shared_events.redis_client import connect

CHUNK: Final = " incontestably"


class AppendTo(Protocol):
    """`JobLog.append`, or what stands before it."""

    async def __call__(
        self, job_id: JobId, *, epoch: Epoch, previous: int, events: Sequence[bytes], status: JobStatus | None
    ) -> Reply: ...


class Job:
    """A job with all its events, made before the time is taken."""

    def __init__(self, job_id: JobId, calls: int, batch: int) -> None:
        self._id = job_id
        self._epoch = new_epoch()
        self._made = 0
        running = JobStatus.RUNNING
        self._status = self._event(JobStatusChanged, status=running, attempt=1, epoch=self._epoch)
        self._batches = [[self._chunk() for _ in range(batch)] for _ in range(calls)]
        self._end = self._event(JobCompleted)

    async def claim(self, log: JobLog) -> None:
        await log.create(self._id, new_epoch(), {"agent": "bench", "owner": "bench"})
        await log.start(self._id, self._epoch)

    async def write(self, append: AppendTo) -> None:
        """One append after the other."""
        previous = 1
        for batch in self._batches:
            await self._write(append, previous, batch)
            previous += len(batch)

    async def begin(self, append: AppendTo) -> None:
        await self._write(append, 0, [self._status], JobStatus.RUNNING)

    async def end(self, append: AppendTo) -> None:
        await self._write(append, self._made - 1, [self._end], JobStatus.COMPLETED)

    def _chunk(self) -> bytes:
        return self._event(ModelChunk, chunk=CHUNK, metadata=METADATA)

    def _event(self, kind: type[Event], **fields: Any) -> bytes:
        self._made += 1
        return encode_event(kind(job_id=self._id, sequence=self._made, timestamp=now_ms(), **fields))

    async def _write(
        self, append: AppendTo, previous: int, events: Sequence[bytes], status: JobStatus | None = None
    ) -> None:
        reply = await append(self._id, epoch=self._epoch, previous=previous, events=events, status=status)
        assert reply.answer is Answer.OK, reply


@asynccontextmanager
async def appending(log: PipelinedLog) -> AsyncIterator[AppendTo]:
    """How a worker's writers reach the log: the one place that knows."""
    pipeline = asyncio.create_task(log.pipeline.run(), name="pipeline")
    yield log.append
    pipeline.cancel()


async def run(order: AppendOrder) -> None:
    log = PipelinedLog(connect(order.redis_url), Keys())
    jobs = [Job(JobId(job), order.calls, order.batch) for job in order.jobs]
    async with appending(log) as append:
        await _all(job.claim(log) for job in jobs)
        await _all(job.begin(append) for job in jobs)
        await _told()
        answer(await _timed(jobs, append))
        await _told()
        await _all(job.end(append) for job in jobs)
        await _told()
    await log.aclose()


async def _timed(jobs: Iterable[Job], append: AppendTo) -> Appended:
    started, cpu_s = time.perf_counter(), time.process_time()
    await _all(job.write(append) for job in jobs)
    return Appended(seconds=time.perf_counter() - started, cpu_s=time.process_time() - cpu_s)


async def _told() -> None:
    """Say that all is prepared, and wait for the bench."""
    answer(Ready())
    await asyncio.to_thread(wait_for_go)


async def _all(awaitables: Iterable[Awaitable[None]]) -> None:
    await asyncio.gather(*awaitables)


if __name__ == "__main__":
    asyncio.run(run(read_order(AppendOrder)))
