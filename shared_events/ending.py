"""Ends a job from outside its agent: cancelled while queued, never enqueued, or left by a dead process."""

from typing import Any

from shared_events.events import Event, JobStatus, JobStatusChanged, encode_event, now_ms
from shared_events.ids import JobId, new_epoch
from shared_events.log import Answer, JobLog


async def end_job(
    log: JobLog, job_id: JobId, before: JobStatus, terminal: type[Event], **fields: Any
) -> bool:
    """Take the job over and write `job:status <before>` and the terminal event.

    False if the job has ended, is unknown, or was taken over by somebody else meanwhile.
    """
    epoch = new_epoch()
    claimed = await log.claim(job_id, epoch, new_attempt=False)
    if claimed.answer is not Answer.OK or terminal.status_after is None:
        return False
    head, at = claimed.head, now_ms()
    status = JobStatusChanged(
        job_id=job_id, sequence=head + 1, timestamp=at, status=before, attempt=claimed.attempt, epoch=epoch
    )
    end = terminal(job_id=job_id, sequence=head + 2, timestamp=at, **fields)
    appended = await log.append(
        job_id,
        epoch=epoch,
        previous=head,
        events=[encode_event(status), encode_event(end)],
        status=terminal.status_after,
    )
    return appended.answer is Answer.OK
