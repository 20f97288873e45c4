"""Makes events for tests."""

from shared_events.answers import Answer
from shared_events.events import (
    ErrorInfo,
    Event,
    JobCompleted,
    JobFailed,
    JobStatus,
    JobStatusChanged,
    ModelChunk,
    encode_event,
)
from shared_events.ids import Epoch, JobId
from shared_events.log import JobLog


def chunk(job_id: JobId, sequence: int, text: str) -> Event:
    return ModelChunk(job_id=job_id, sequence=sequence, timestamp=1, chunk=text)


def status(job_id: JobId, sequence: int, epoch: Epoch, value: JobStatus = JobStatus.RUNNING) -> Event:
    return JobStatusChanged(
        job_id=job_id, sequence=sequence, timestamp=1, status=value, attempt=1, epoch=epoch
    )


def completed(job_id: JobId, sequence: int) -> Event:
    return JobCompleted(job_id=job_id, sequence=sequence, timestamp=1, result={"done": True})


def failed(job_id: JobId, sequence: int) -> Event:
    error = ErrorInfo(code="agent_error", message="it broke", retryable=False)
    return JobFailed(job_id=job_id, sequence=sequence, timestamp=1, error=error)


def encoded(*events: Event) -> list[bytes]:
    return [encode_event(event) for event in events]


async def write(log: JobLog, job_id: JobId, epoch: Epoch, *events: Event) -> None:
    """Append `events` after what comes before them; each must be accepted."""
    last = events[-1]
    ends = last.status_after if last.status_after is not None else None
    appended = await log.append(
        job_id, epoch=epoch, previous=events[0].sequence - 1, events=encoded(*events), status=ends
    )
    assert appended.answer is Answer.OK


async def started_job(log: JobLog, job_id: JobId, epoch: Epoch, *texts: str) -> None:
    """A job that runs: its status, then a chunk for each of `texts`."""
    await log.create(job_id, epoch, {"agent": "chat", "owner": "dev"})
    chunks = [chunk(job_id, sequence, text) for sequence, text in enumerate(texts, 2)]
    await write(log, job_id, epoch, status(job_id, 1, epoch), *chunks)
