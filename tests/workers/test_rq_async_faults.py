"""The asyncio worker through a Redis that is gone or frozen for a while."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

from rq import Callback, Retry
from rq.job import JobStatus
from structlog.testing import capture_logs

from tests.redis_server import RedisServer
from tests.waiting import eventually
from tests.workers.rq_jobs import calls, gate
from tests.workers.rq_site import JOBS, Site, listening, status_is
from workers.rq_async.connection import COMMAND_TIMEOUT_S
from workers.rq_async.heartbeat import Heartbeat


@contextmanager
def told(event: str) -> Iterator[Callable[[], bool]]:
    """Whether `event` has been logged since."""
    with capture_logs() as lines:
        yield lambda: any(line["event"] == event for line in lines)


@asynccontextmanager
async def beating_loop() -> AsyncIterator[list[float]]:
    """The longest time that the event loop stood still meanwhile, in seconds."""
    longest = [0.0]

    async def beat() -> None:
        while True:
            began = time.monotonic()
            await asyncio.sleep(0.01)
            longest[0] = max(longest[0], time.monotonic() - began)

    task = asyncio.create_task(beat())
    try:
        yield longest
    finally:
        task.cancel()


async def test_a_redis_that_restarts_while_a_job_runs_neither_loses_nor_repeats_it(
    own_redis: RedisServer,
) -> None:
    site = Site(own_redis.url)
    job = site.enqueue("wait_for", site.name)
    async with site.serving():
        await eventually(lambda: site.name in calls)
        with told("redis_retried") as heard:
            own_redis.kill()
            gate(site.name).set()
            await eventually(heard)
        own_redis.start()
        await status_is(job, JobStatus.FINISHED)
    assert (calls.count(site.name), site.leftovers()) == (1, set())


async def test_a_failure_reaches_a_redis_that_comes_back(own_redis: RedisServer) -> None:
    """RQ's handler swallowed the error of a Redis that was away, and with it the failure."""
    site = Site(own_redis.url)
    waits = Callback(f"{JOBS}.wait_on_failure")
    failing = site.enqueue("fail", "no luck", on_failure=waits)
    retried = site.enqueue("fail", "no luck", on_failure=waits, retry=Retry(max=1))
    async with site.serving():
        await eventually(lambda: {("failure", job.id, "waits") for job in (failing, retried)} <= set(calls))
        with told("redis_retried") as heard:
            own_redis.kill()
            gate(failing.id).set()
            gate(retried.id).set()
            await eventually(heard)
        own_redis.start()
        await status_is(failing, JobStatus.FAILED)
        await status_is(retried, JobStatus.FAILED)
    assert [calls.count(("failure", job.id, "waits")) for job in (failing, retried)] == [1, 2]
    assert site.leftovers() == set()


async def test_a_frozen_redis_blocks_nothing_but_what_needs_it(own_redis: RedisServer) -> None:
    site = Site(own_redis.url)
    job = site.enqueue("wait_for", site.name)
    async with site.serving():
        await eventually(lambda: site.name in calls)
        async with beating_loop() as longest_s:
            with told("redis_retried") as heard:
                own_redis.freeze()
                gate(site.name).set()
                await eventually(heard, 15)
            own_redis.thaw()
        await status_is(job, JobStatus.FINISHED)
        await status_is(site.enqueue("add", 1, 1), JobStatus.FINISHED)
    assert longest_s[0] < COMMAND_TIMEOUT_S / 2
    assert (calls.count(site.name), site.leftovers()) == (1, set())


async def test_jobs_are_taken_again_when_redis_is_back(own_redis: RedisServer) -> None:
    site = Site(own_redis.url)
    async with site.serving():
        await status_is(site.enqueue("add", 1, 1), JobStatus.FINISHED)
        with told("queues_out_of_reach") as heard:
            own_redis.kill()
            await eventually(heard)
        own_redis.start()
        await status_is(site.enqueue("add", 1, 1), JobStatus.FINISHED)


async def test_commands_are_heard_again_when_redis_is_back(own_redis: RedisServer) -> None:
    site = Site(own_redis.url)
    async with site.serving() as worker:
        await listening(site, worker)
        with told("commands_unheard") as heard:
            own_redis.kill()
            await eventually(heard)
        own_redis.start()
        await listening(site, worker)


async def test_a_worker_waits_for_redis_at_its_start(own_redis: RedisServer) -> None:
    site = Site(own_redis.url)
    job = site.enqueue("add", 1, 1)
    site.connection.execute_command("WAITAOF", 1, 0, 5000)  # type: ignore[no-untyped-call]  # or the job may be lost
    own_redis.kill()
    with told("redis_out_of_reach") as heard:
        async with site.serving():
            await eventually(heard)
            own_redis.start()
            await status_is(job, JobStatus.FINISHED)


async def test_a_worker_ends_although_redis_is_away(own_redis: RedisServer) -> None:
    site = Site(own_redis.url)
    with told("queues_out_of_reach") as heard:
        async with site.serving():
            await status_is(site.enqueue("add", 1, 1), JobStatus.FINISHED)
            own_redis.kill()
            await eventually(heard)


async def test_an_outage_longer_than_a_lease_ends_no_job(own_redis: RedisServer) -> None:
    site = Site(own_redis.url)
    names = [f"{site.name} {n}" for n in range(20)]
    jobs = [site.enqueue("wait_for", name) for name in names]
    async with site.serving(lease_s=0.4):
        await eventually(lambda: all(name in calls for name in names))
        lapsed_at = time.monotonic() + 3
        own_redis.kill()
        await eventually(lambda: time.monotonic() > lapsed_at)
        own_redis.start()
        await status_is(site.enqueue("add", 1, 1), JobStatus.FINISHED)
        assert len(site.queue().failed_job_registry) == 0
        for name in names:
            gate(name).set()
        for job in jobs:
            await status_is(job, JobStatus.FINISHED)
    assert len(site.queue().failed_job_registry) == 0


async def test_nobody_is_taken_for_dead_until_all_could_beat_again(own_redis: RedisServer) -> None:
    site = Site(own_redis.url)
    heartbeat = Heartbeat(site.worker(), 0.4, lambda: "idle")
    heartbeat.start()
    try:
        await eventually(heartbeat.is_well)
        own_redis.kill()
        await eventually(lambda: not heartbeat.is_well())
        own_redis.start()
        await eventually(heartbeat.is_well)
        heartbeat._clock_ahead_s -= 3600  # as if the clock had been put forward
        assert not heartbeat.is_well()
        await eventually(heartbeat.is_well)
    finally:
        heartbeat.stop()
