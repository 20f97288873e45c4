"""A job's view written as events again: what a new epoch needs when the log has lost its past. Pure."""

from collections.abc import Iterator
from typing import Final

import msgspec

from shared_events.events import (
    Event,
    JobCancelled,
    JobCompleted,
    JobFailed,
    JobProgress,
    JobStatus,
    JobStatusChanged,
    ModelChunk,
    ModelRewind,
)
from shared_events.fold import JobView
from shared_events.pieces import pieces

_REASON: Final = "rewritten"


def events_of(view: JobView, *, epoch: str, after: int, timestamp: int) -> list[Event]:
    """Events from the sequence `after` + 1 on that turn any earlier view of the job into `view`."""
    events = [_status(view, epoch), _rewind(view), *_content(view), *_progress(view, after), *_terminal(view)]
    return [
        msgspec.structs.replace(event, sequence=sequence, timestamp=timestamp)
        for sequence, event in enumerate(events, after + 1)
    ]


def _status(view: JobView, epoch: str) -> Event:
    status = JobStatus.RUNNING if view.ended else view.status
    return JobStatusChanged(
        job_id=view.job_id,
        sequence=0,
        timestamp=0,
        status=status,
        attempt=view.attempt,
        epoch=epoch,
        reason=_REASON,
    )


def _rewind(view: JobView) -> Event:
    return ModelRewind(
        job_id=view.job_id, sequence=0, timestamp=0, length=0, attempt=view.attempt, reason=_REASON
    )


def _content(view: JobView) -> Iterator[Event]:
    for piece in pieces(view.text):
        yield ModelChunk(job_id=view.job_id, sequence=0, timestamp=0, chunk=piece)


def _progress(view: JobView, after: int) -> Iterator[Event]:
    """What is left of the log may tell of a progress, step or metadata that `view` does not have."""
    if view.progress is not None or after > 0:
        yield JobProgress(
            job_id=view.job_id,
            sequence=0,
            timestamp=0,
            progress=view.progress or 0.0,
            step=view.step or ("" if after > 0 else None),
            metadata=view.metadata or ({} if after > 0 else None),
        )


def _terminal(view: JobView) -> Iterator[Event]:
    match view.status:
        case JobStatus.COMPLETED:
            yield JobCompleted(
                job_id=view.job_id, sequence=0, timestamp=0, result=view.result, usage=view.usage
            )
        case JobStatus.FAILED if view.error is not None:
            yield JobFailed(job_id=view.job_id, sequence=0, timestamp=0, error=view.error)
        case JobStatus.CANCELLED:
            yield JobCancelled(job_id=view.job_id, sequence=0, timestamp=0, reason=view.reason)
