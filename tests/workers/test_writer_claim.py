"""The writer and its claim to the job: renewed, taken over, lost with the log, given up."""

from typing import Any

import msgspec
import pytest
from redis.asyncio import Redis

from shared_events.answers import Answer, Appended, Rest
from shared_events.errors import Fenced, JobClosed
from shared_events.events import JobCompleted, JobStatus
from shared_events.ids import Epoch, new_epoch, new_job_id
from shared_events.keys import Keys
from shared_events.log import JobLog
from tests.making import completed, started_job, status, write
from tests.waiting import eventually
from tests.workers.writing import Job, publish
from workers.origin import Origin
from workers.writer import Writer


def renewed(job: Job, **changed: Any) -> Appended:
    """What the log says of a lease that was renewed when nothing has happened, but for `changed`."""
    said = Appended(Answer.OK, head=job.writer.acknowledged, listeners=2, control="")
    return msgspec.structs.replace(said, **changed)


async def test_a_renewal_that_finds_the_log_as_it_was_is_taken_for_an_answer(job: Job) -> None:
    await publish(job, 1)
    count = len(job.answers)
    job.writer.on_renewed(renewed(job))
    assert job.answers[count:] == [renewed(job)]


@pytest.mark.parametrize(
    "found",
    [{"head": 1}, {"head": 99}, {"answer": Answer.GAP, "head": -1}, {"answer": Answer.FENCED}],
    ids=["tail lost", "ahead", "log lost", "fenced"],
)
async def test_a_renewal_that_finds_something_else_makes_the_writer_look(
    job: Job, found: dict[str, Any]
) -> None:
    await publish(job, 1)
    count = len(job.answers)
    job.writer.on_renewed(renewed(job, **found))
    await eventually(lambda: len(job.answers) > count)
    assert (job.answers[count].answer, job.answers[count].head) == (Answer.OK, job.writer.acknowledged)


async def test_a_silent_writer_that_was_fenced_hears_of_it_by_its_lease(job: Job) -> None:
    await publish(job, 1)
    await take_over(job)
    job.writer.on_renewed(renewed(job, answer=Answer.FENCED))
    with pytest.raises(Fenced):
        await job.task


async def test_a_log_that_lost_the_claim_is_taken_back_from_the_writer_before(
    log: JobLog, redis: Redis, keys: Keys
) -> None:
    """A replica that had not heard of the claim took over: the earlier attempt owned the job again."""
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, new_epoch(), "earlier ")
    names = (keys.meta(job_id), keys.log(job_id))
    replica = {name: await redis.dump(name) or b"" for name in names}
    claimed = await log.start(job_id, epoch)
    origin = Origin(await log.view(job_id), before=claimed.epochs, fields={"agent": "chat"})
    writer = Writer(log, job_id, epoch, origin, on_answer=lambda _: None)
    writer.status(JobStatus.RUNNING, attempt=1)
    await writer.chunk("mine", None)
    for name, data in replica.items():
        await redis.restore(name, 0, data, replace=True)
    writer.end(JobCompleted)
    await writer.run()
    view = await log.view(job_id)
    assert (view.text, view.status) == ("earlier mine", JobStatus.COMPLETED)
    assert view.epoch not in {epoch, claimed.epochs[0].epoch}


async def test_a_writer_whose_job_another_took_over_and_ended_writes_nothing(job: Job) -> None:
    await publish(job, 1)
    heir = await take_over(job)
    await write(job.log, job.id, heir, status(job.id, 3, heir), completed(job.id, 4))
    job.writer.look()
    with pytest.raises(Fenced):
        await job.task
    assert (await job.log.meta(job.id)).head == 4


@pytest.mark.parametrize(("rest", "spared"), [(Rest.WAITS, 0), (Rest.RETURNS, 1)])
async def test_the_last_word_of_an_attempt_leaves_the_job_to_the_next_one(
    job: Job, rest: Rest, spared: int
) -> None:
    await job.writer.chunk("so far", None)
    job.writer.rest("later", rest)
    await job.task
    with pytest.raises(JobClosed):
        await job.writer.chunk("late", None)
    claimed = await job.log.start(job.id, new_epoch())
    assert (claimed.answer, claimed.spared) == (Answer.OK, spared)
    view = await job.log.view(job.id)
    assert (view.text, view.reason) == ("so far", "later")


async def test_the_last_word_survives_the_loss_of_the_log(job: Job, redis: Redis, keys: Keys) -> None:
    await publish(job, 3)
    await redis.delete(keys.meta(job.id), keys.log(job.id))
    job.writer.rest("later", Rest.WAITS)
    await job.task
    view = await job.log.view(job.id)
    assert (view.text, view.status) == ("0 1 2 ", JobStatus.RETRYING)
    assert (await job.log.start(job.id, new_epoch())).answer is Answer.OK


async def take_over(job: Job) -> Epoch:
    heir = new_epoch()
    await job.log.start(job.id, heir)
    return heir
