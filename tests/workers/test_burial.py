"""Burial: what is said of a job whose attempt is lost, and whether it runs again."""

import pytest

from shared_events.answers import Answer
from shared_events.events import JobCancelled, JobFailed, JobStatus
from shared_events.ids import JobId, new_epoch
from tests.workers.queueing import Jobs
from workers.burial import bury
from workers.retries import MOST_LOSSES, MOST_STRAYS, MOST_UNSEEN


async def buried(jobs: Jobs, job_id: JobId, *, witnessed: bool = False) -> bool:
    return await bury(jobs.log, job_id, await jobs.look(job_id), witnessed=witnessed)


async def end(jobs: Jobs, job_id: JobId) -> object:
    return (await jobs.events(job_id))[-1]


async def test_a_job_whose_attempt_died_is_said_to_be_stalled_and_then_tried_again(jobs: Jobs) -> None:
    job_id = await jobs.running()
    assert await buried(jobs, job_id)
    said = [JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.STALLED, JobStatus.RETRYING]
    assert await jobs.statuses(job_id) == said
    look = await jobs.look(job_id)
    assert (look.runs, look.losses, look.status) == (False, 1, "retrying")
    assert (await jobs.log.start(job_id, new_epoch())).answer is Answer.OK


async def test_a_death_does_not_count_as_a_failure_of_the_agent(jobs: Jobs) -> None:
    job_id = await jobs.running()
    await buried(jobs, job_id)
    claimed = await jobs.log.start(job_id, new_epoch())
    assert (claimed.attempt, claimed.spared, claimed.losses) == (2, 1, 1)


async def died_often(jobs: Jobs, deaths: int) -> JobId:
    job_id = await jobs.running()
    for _ in range(deaths):
        assert await buried(jobs, job_id)
        await jobs.begin(job_id)
    return job_id


async def test_a_job_whose_own_process_was_seen_to_die_after_others_is_poison(jobs: Jobs) -> None:
    job_id = await died_often(jobs, MOST_LOSSES - 1)
    assert not await buried(jobs, job_id, witnessed=True)
    failed = await end(jobs, job_id)
    assert isinstance(failed, JobFailed)
    assert (failed.error.code, failed.error.retryable) == ("poison", False)
    assert (await jobs.log.meta(job_id)).closed


async def test_deaths_that_nobody_saw_make_no_poison_but_come_to_an_end(jobs: Jobs) -> None:
    job_id = await died_often(jobs, MOST_UNSEEN - 1)
    assert not await buried(jobs, job_id)
    failed = await end(jobs, job_id)
    assert isinstance(failed, JobFailed)
    assert failed.error.code == "worker_lost"


async def test_a_job_with_a_single_attempt_is_lost_with_its_worker(jobs: Jobs) -> None:
    job_id = await jobs.running(attempts=1)
    assert not await buried(jobs, job_id)
    failed = await end(jobs, job_id)
    assert isinstance(failed, JobFailed)
    assert (failed.error.code, failed.error.retryable) == ("worker_lost", True)


async def test_a_job_that_never_began_is_queued_again_until_that_fails_too_often(jobs: Jobs) -> None:
    job_id = await jobs.accepted()
    for _ in range(MOST_STRAYS - 1):
        assert await buried(jobs, job_id)
        assert (await jobs.look(job_id)).status == "queued"
    assert not await buried(jobs, job_id)
    failed = await end(jobs, job_id)
    assert isinstance(failed, JobFailed)
    assert failed.error.code == "worker_lost"
    assert "before it began" in failed.error.message


async def test_a_job_that_was_asked_to_stop_ends_as_cancelled(jobs: Jobs) -> None:
    job_id = await jobs.running()
    await jobs.log.request(job_id, b'{"request":"cancel","reason":"no","by":"dev"}', cancels=True)
    assert not await buried(jobs, job_id)
    cancelled = await end(jobs, job_id)
    assert isinstance(cancelled, JobCancelled)
    assert (cancelled.reason, cancelled.cancelled_by) == ("no", "dev")


async def test_a_cancel_that_comes_after_the_look_is_heard(jobs: Jobs) -> None:
    """The request was read with the lease: the job was tried again, only to be cancelled then."""
    job_id = await jobs.running()
    look = await jobs.look(job_id)
    await jobs.log.request(job_id, b'{"request":"cancel"}', cancels=True)
    assert not await bury(jobs.log, job_id, look)
    assert isinstance(await end(jobs, job_id), JobCancelled)


@pytest.mark.parametrize("request_", [b'{"request":"pause"}', b'{"request":"resume"}'])
async def test_another_request_does_not_end_a_job(jobs: Jobs, request_: bytes) -> None:
    job_id = await jobs.running()
    await jobs.log.request(job_id, request_)
    assert await buried(jobs, job_id)


async def test_a_writer_that_renewed_since_the_look_keeps_its_job(jobs: Jobs) -> None:
    job_id = await jobs.running()
    look = await jobs.look(job_id)
    meta = await jobs.log.meta(job_id)
    while (await jobs.look(job_id)).lease == look.lease:
        await jobs.log.append(job_id, epoch=meta.epoch, previous=meta.head, events=[])
    assert not await bury(jobs.log, job_id, look)
    assert (await jobs.log.meta(job_id)).epoch == meta.epoch


async def test_a_job_that_has_ended_or_expired_is_left_alone(jobs: Jobs) -> None:
    job_id = await jobs.running(attempts=1)
    look = await jobs.look(job_id)
    assert not await bury(jobs.log, job_id, look)
    head = (await jobs.log.meta(job_id)).head
    assert not await bury(jobs.log, job_id, look)
    assert (await jobs.log.meta(job_id)).head == head
    assert not await bury(jobs.log, JobId("0" * 20), look)
