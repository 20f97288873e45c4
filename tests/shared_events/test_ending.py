"""What is said of a job that no attempt runs: in the log, once, and only if nobody else has it."""

import pytest

from shared_events.answers import Answer, Rest
from shared_events.ending import end_job, say, say_status, status_of
from shared_events.events import ErrorInfo, JobCancelled, JobFailed, JobStatus, JobStatusChanged, decode_event
from shared_events.ids import JobId, new_epoch, new_job_id
from shared_events.log import JobLog
from tests.making import encoded, started_job, status


async def waiting(log: JobLog) -> JobId:
    job_id = new_job_id()
    await started_job(log, job_id, new_epoch(), "so far")
    return job_id


async def running(log: JobLog) -> JobId:
    job_id = await waiting(log)
    await log.start(job_id, new_epoch())
    return job_id


async def test_a_job_that_waits_ends_with_its_status_and_its_last_event(log: JobLog) -> None:
    job_id = await waiting(log)
    assert await end_job(log, job_id, JobStatus.QUEUED, JobCancelled, reason="enough", cancelled_by="dev")
    tail = await log.read_after(job_id, 2)
    before, end = (decode_event(event) for event in tail.events)
    assert isinstance(before, JobStatusChanged)
    assert (before.status, before.epoch) == (JobStatus.QUEUED, tail.meta.epoch)
    assert isinstance(end, JobCancelled)
    assert (end.reason, end.cancelled_by, end.sequence) == ("enough", "dev", 4)
    assert tail.meta.closed
    assert (await log.view(job_id)).text == "so far"


async def test_a_job_ends_once(log: JobLog) -> None:
    job_id = await waiting(log)
    error = ErrorInfo(code="x", message="y", retryable=False)
    assert await end_job(log, job_id, JobStatus.QUEUED, JobFailed, error=error)
    assert not await end_job(log, job_id, JobStatus.QUEUED, JobCancelled)
    assert (await log.meta(job_id)).status is JobStatus.FAILED


async def test_nothing_is_said_of_a_job_that_runs_or_is_unknown(log: JobLog) -> None:
    job_id = await running(log)
    head = (await log.meta(job_id)).head
    for one in (job_id, new_job_id()):
        assert not await end_job(log, one, JobStatus.QUEUED, JobCancelled)
        assert not await say_status(log, one, JobStatus.PAUSED)
    assert (await log.meta(job_id)).head == head


async def test_a_job_that_waits_can_be_paused_and_started_all_the_same(log: JobLog) -> None:
    job_id = await waiting(log)
    assert await say_status(log, job_id, JobStatus.PAUSED, "lunch")
    view = await log.view(job_id)
    assert (view.status, view.reason) == (JobStatus.PAUSED, "lunch")
    assert (await log.start(job_id, new_epoch())).answer is Answer.OK


@pytest.mark.parametrize("rest", [Rest.GOES_ON, Rest.WAITS])
async def test_what_is_said_twice_after_a_lost_reply_counts_as_said(log: JobLog, rest: Rest) -> None:
    job_id, epoch = await waiting(log), new_epoch()
    claimed = await log.settle(job_id, epoch)
    events = [status_of(job_id, epoch, claimed, JobStatus.STALLED)]
    for _ in range(2):
        assert await say(log, job_id, epoch, claimed, events, rest=rest)
    assert (await log.meta(job_id)).head == 3


async def test_an_end_that_is_said_twice_counts_as_said(log: JobLog) -> None:
    job_id, epoch = await waiting(log), new_epoch()
    claimed = await log.settle(job_id, epoch)
    events = [JobCancelled(job_id=job_id, sequence=0, timestamp=0)]
    for _ in range(2):
        assert await say(log, job_id, epoch, claimed, events)


async def test_what_another_wrote_at_the_same_sequence_is_not_taken_for_ones_own(log: JobLog) -> None:
    """The heads were the same: a job that somebody had begun to run was enqueued once more."""
    job_id, epoch, heir = await waiting(log), new_epoch(), new_epoch()
    claimed = await log.settle(job_id, epoch)
    await log.start(job_id, heir)
    await log.append(job_id, epoch=heir, previous=2, events=encoded(status(job_id, 3, heir)))
    assert not await say(log, job_id, epoch, claimed, [status_of(job_id, epoch, claimed, JobStatus.QUEUED)])
