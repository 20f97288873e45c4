"""A writer at work, for tests of what goes through it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from shared_events.answers import Appended
from shared_events.errors import Fenced, JobClosed, LogUnavailable
from shared_events.events import JobCompleted, JobStatus
from shared_events.fold import JobView
from shared_events.ids import JobId, new_epoch, new_job_id
from shared_events.log import JobLog
from tests.waiting import eventually
from workers.origin import Origin
from workers.writer import Writer


class Job:
    """A job with a running writer."""

    def __init__(self, log: JobLog, writer: Writer, job_id: JobId, task: asyncio.Task[None]) -> None:
        self.log, self.writer, self.id, self.task = log, writer, job_id, task
        self.answers: list[Appended] = []

    async def complete(self) -> JobView:
        """End the job; the view that the log folds to."""
        self.writer.end(JobCompleted)
        await self.task
        return await self.log.view(self.id)


@asynccontextmanager
async def writing(log: JobLog) -> AsyncIterator[Job]:
    job_id, epoch = new_job_id(), new_epoch()
    await log.create(job_id, epoch, {"agent": "chat", "owner": "dev"})
    answers: list[Appended] = []
    origin = Origin(JobView(job_id), fields={"agent": "chat"})
    writer = Writer(log, job_id, epoch, origin, on_answer=answers.append)
    task = asyncio.create_task(writer.run())
    job = Job(log, writer, job_id, task)
    job.answers = answers
    writer.status(JobStatus.RUNNING, attempt=1)
    try:
        yield job
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, Fenced, JobClosed, LogUnavailable):
            await task


async def publish(job: Job, count: int) -> None:
    """`count` chunks, in the log when this returns."""
    for n in range(count):
        await job.writer.chunk(f"{n} ", None)
    await eventually(lambda: job.writer._outbox.idle)
