"""Clocks that are set, and loops that are blocked: no living job is taken for dead, no dead one for alive."""

from collections.abc import Iterator

import pytest
import redis as sync_redis

from shared_events.events import JobStatus
from shared_events.ids import JobId
from shared_events.keys import Keys
from tests.e2e.aftermath import assert_whole
from tests.e2e.conftest import busy_stack, counted
from tests.e2e.crowd import crowd
from tests.stack import Stack

HOUR_MS = 3600 * 1000


@pytest.fixture(scope="module")
def running() -> Iterator[Stack]:
    with busy_stack() as one:
        yield one


def set_clock(running: Stack, job_ids: list[str], by_ms: int) -> None:
    """As if the clock of Redis had been set by `by_ms` since the leases were renewed."""
    with sync_redis.Redis.from_url(running.redis.url, protocol=2) as client:
        for job_id in job_ids:
            client.hincrby(Keys().meta(JobId(job_id)), "lease", -by_ms)


async def test_a_clock_that_steps_by_an_hour_again_and_again_kills_no_job(running: Stack) -> None:
    async with crowd(running) as all_:
        job_ids = [await all_.count(140, 20) for _ in range(6)]
        for words in range(5, 130, 5):
            await all_.until(job_ids[-1], words=words)
            set_clock(running, job_ids[:3], HOUR_MS)
            set_clock(running, job_ids[3:], -HOUR_MS)
        views = await all_.ends()
    assert {(view.status, view.attempt) for view in views} == {(JobStatus.COMPLETED, 1)}
    await assert_whole(running, views)


async def test_a_dead_worker_is_found_although_its_leases_seem_to_last_for_an_hour(running: Stack) -> None:
    async with crowd(running) as all_:
        job_ids = [await all_.haste(100, 10) for _ in range(5)]
        await all_.until(job_ids[-1], words=3)
        running.worker.kill()
        set_clock(running, job_ids, -HOUR_MS)
        running.worker.start()
        views = await all_.ends(timeout_s=30)
    assert {(view.status, view.text, view.attempt) for view in views} == {
        (JobStatus.COMPLETED, counted(100), 2)
    }
    await assert_whole(running, views)


async def test_neighbours_of_an_agent_that_blocks_the_loop_are_not_abandoned(running: Stack) -> None:
    other = running.another_worker()
    async with crowd(running) as all_:
        job_ids = [await all_.count(160, 20) for _ in range(20)]
        blocker = await all_.submit("block", input={"seconds": 10}, expected="before after")
        views = await all_.ends()
    assert {(view.status, view.attempt) for view in views} == {(JobStatus.COMPLETED, 1)}
    assert {all_.views[job_id].text for job_id in job_ids} == {counted(160)}
    assert all_.views[blocker].text == "before after"
    logs = running.worker.log.read_text() + other.log.read_text()
    assert "loop_blocked" in logs
    assert 'time.sleep(job.input["seconds"])' in logs
    await assert_whole(running, views)
