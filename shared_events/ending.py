"""Says something about a job that no attempt runs: it waits, or its process died."""

from collections.abc import Sequence

import msgspec

from shared_events.answers import Answer, Claimed, Rest
from shared_events.events import Event, JobStatus, JobStatusChanged, encode_event, now_ms
from shared_events.ids import Epoch, JobId, new_epoch
from shared_events.log import JobLog


async def end_job(
    log: JobLog, job_id: JobId, before: JobStatus, terminal: type[Event], **fields: object
) -> bool:
    """End a job that waits: `job:status <before>`, then the terminal event.

    False if it has ended, is unknown, or an attempt is under way.
    """
    epoch = new_epoch()
    claimed = await log.settle(job_id, epoch)
    end = terminal(job_id=job_id, sequence=0, timestamp=0, **fields)
    return await say(log, job_id, epoch, claimed, [status_of(job_id, epoch, claimed, before), end])


async def say_status(log: JobLog, job_id: JobId, status: JobStatus, reason: str | None = None) -> bool:
    """Publish a status of a job that waits. False as with `end_job`."""
    epoch = new_epoch()
    claimed = await log.settle(job_id, epoch)
    return await say(log, job_id, epoch, claimed, [status_of(job_id, epoch, claimed, status, reason)])


async def say(
    log: JobLog,
    job_id: JobId,
    epoch: Epoch,
    claimed: Claimed,
    events: Sequence[Event],
    *,
    rest: Rest = Rest.GOES_ON,
) -> bool:
    """Append `events`, numbered here, as the writer that `claimed` the job. False if it could not."""
    if claimed.answer is not Answer.OK:
        return False
    at = now_ms()
    numbered = [
        msgspec.structs.replace(event, sequence=sequence, timestamp=at)
        for sequence, event in enumerate(events, claimed.head + 1)
    ]
    last = numbered[-1]
    status = last.status if isinstance(last, JobStatusChanged) else last.status_after
    appended = await log.append(
        job_id,
        epoch=epoch,
        previous=claimed.head,
        events=[encode_event(event) for event in numbered],
        status=status,
        rest=rest,
    )
    # A repetition, after a lost reply, finds its own events: nobody else writes under this epoch.
    repeated = appended.answer in {Answer.DUP, Answer.CLOSED} and appended.head == last.sequence
    return appended.answer is Answer.OK or repeated


def status_of(
    job_id: JobId, epoch: Epoch, claimed: Claimed, status: JobStatus, reason: str | None = None
) -> JobStatusChanged:
    """A `job:status` for `say`."""
    return JobStatusChanged(
        job_id=job_id,
        sequence=0,
        timestamp=0,
        status=status,
        attempt=claimed.attempt,
        epoch=epoch,
        reason=reason,
    )
