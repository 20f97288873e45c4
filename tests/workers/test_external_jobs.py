"""What the sweeper does with jobs that are published from outside: it ends them, and never enqueues them."""

from typing import Final

import msgspec
import pytest
from redis.asyncio import Redis

from shared_events.answers import Look
from shared_events.contract import EXTERNAL, PUBLISHER_LEASE_S, UNBEGUN_S
from shared_events.ending import say, status_of
from shared_events.events import JobFailed, JobStatus
from shared_events.ids import JobId, new_epoch
from tests.workers.queueing import Jobs
from workers import silence
from workers.burial import bury
from workers.silence import CONFIRM_EXTERNAL_S, Silence
from workers.sweeper import LOOKS, Sweeper

JOB: Final = JobId("0" * 20)
LOOK: Final = Look(
    lease="1000", expired=False, closed=False, runs=True, status="running", losses=0, strays=0,
    control="", agent=EXTERNAL, queue="", attempts=1,
)  # fmt: skip


async def begun(jobs: Jobs) -> JobId:
    job_id, epoch = await jobs.accepted(agent=EXTERNAL, publisher="known", attempts="1"), new_epoch()
    claimed = await jobs.log.take(job_id, epoch, publisher="known")
    assert await say(jobs.log, job_id, epoch, claimed, [status_of(job_id, epoch, claimed, JobStatus.RUNNING)])
    return job_id


@pytest.mark.parametrize("has_begun", [True, False])
async def test_a_lost_external_job_fails_and_is_not_enqueued(jobs: Jobs, *, has_begun: bool) -> None:
    job_id = await begun(jobs) if has_begun else await jobs.accepted(agent=EXTERNAL, publisher="known")
    assert not await bury(jobs.log, job_id, await jobs.look(job_id))
    failed = (await jobs.events(job_id))[-1]
    assert isinstance(failed, JobFailed)
    assert failed.error.code == "worker_lost"
    assert ("fell silent" if has_begun else "Nobody began") in failed.error.message
    assert jobs.queued() == []


async def test_a_cancel_that_a_silent_publisher_never_heard_ends_its_job_as_cancelled(jobs: Jobs) -> None:
    job_id = await begun(jobs)
    await jobs.log.request(job_id, b'{"request":"cancel"}', cancels=True)
    assert not await bury(jobs.log, job_id, await jobs.look(job_id))
    assert (await jobs.log.meta(job_id)).status is JobStatus.CANCELLED


@pytest.mark.parametrize("has_begun", [True, False])
async def test_the_sweeper_ends_what_is_silent_for_too_long_and_nothing_else(
    jobs: Jobs, redis: Redis, monkeypatch: pytest.MonkeyPatch, *, has_begun: bool
) -> None:
    job_id = await begun(jobs) if has_begun else await jobs.accepted(agent=EXTERNAL, publisher="known")
    sweeper = Sweeper(redis, jobs.keys, jobs.log, jobs.queue, name="one", lease_s=0.0)
    for _ in range(2 * LOOKS):
        await sweeper.sweep()
    assert not (await jobs.log.meta(job_id)).closed, "a worker's lease is not a publisher's"
    for name in ("PUBLISHER_LEASE_S", "UNBEGUN_S"):
        monkeypatch.setattr(silence, name, 0.0)
    for _ in range(LOOKS):
        await sweeper.sweep()
    assert (await jobs.log.meta(job_id)).status is JobStatus.FAILED
    assert jobs.connection.keys(f"rq:queue:{jobs.keys.prefix}*") == []


def silent_after_s(look: Look) -> float:
    silence, now = Silence(lease_s=5.0), 0.0
    while not silence.judge({JOB: look}, now):
        now += 1.0
    return now


def test_an_external_job_may_be_silent_for_its_own_lease_whatever_the_workers_is() -> None:
    assert silent_after_s(LOOK) == PUBLISHER_LEASE_S
    assert silent_after_s(msgspec.structs.replace(LOOK, runs=False)) == UNBEGUN_S


def test_a_clock_that_is_set_forward_leaves_a_publisher_time_for_its_heartbeat() -> None:
    assert silent_after_s(msgspec.structs.replace(LOOK, expired=True)) == CONFIRM_EXTERNAL_S
