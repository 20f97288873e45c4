"""Desertion: a job whose process does it no more is noticed, and only such a job."""

import asyncio

import pytest

from shared_events.ids import new_epoch
from tests.waiting import eventually
from tests.workers.queueing import Jobs
from workers import desertion
from workers.burial import bury
from workers.desertion import deserted

LEASE_S = 0.2


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desertion, "LOOK_EVERY_S", 0.02)


async def test_an_attempt_that_is_silent_for_a_lease_is_deserted(jobs: Jobs) -> None:
    job_id = await jobs.running()
    async with asyncio.timeout(30):
        await deserted(jobs.log, job_id, losses=0, lease_s=LEASE_S)


async def test_an_attempt_that_was_buried_is_deserted_although_its_heir_is_alive(jobs: Jobs) -> None:
    job_id = await jobs.running()
    await bury(jobs.log, job_id, await jobs.look(job_id))
    await jobs.begin(job_id)
    async with asyncio.timeout(30):
        await deserted(jobs.log, job_id, losses=0, lease_s=60)


async def test_an_attempt_that_renews_its_lease_and_a_job_that_has_not_begun_are_not(jobs: Jobs) -> None:
    waits, epoch = await jobs.accepted(), new_epoch()
    runs = await jobs.accepted()
    await jobs.log.start(runs, epoch)
    watches = [
        asyncio.create_task(deserted(jobs.log, job_id, losses=0, lease_s=LEASE_S)) for job_id in (waits, runs)
    ]
    gone = asyncio.create_task(deserted(jobs.log, await jobs.running(), losses=0, lease_s=2 * LEASE_S))
    head = (await jobs.log.meta(runs)).head

    async def renewed() -> None:
        while not gone.done():
            await jobs.log.append(runs, epoch=epoch, previous=head, events=[])
            await asyncio.sleep(0)

    await renewed()
    await eventually(gone.done)
    assert not any(watch.done() for watch in watches)
    for watch in watches:
        watch.cancel()
