"""The sweeper against a real server: it finds the jobs that nobody runs, and leaves all others alone."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError
from rq.registry import ScheduledJobRegistry, StartedJobRegistry

from shared_events import open_jobs
from shared_events.events import JobStatus
from shared_events.ids import new_job_id
from shared_events.keys import Keys
from shared_events.log import JobLog
from shared_events.open_jobs import OpenJobs
from shared_events.redis_client import connect, connect_blocking
from tests.making import completed, write
from tests.redis_server import RedisServer
from tests.waiting import eventually, eventually_awaited
from tests.workers.queueing import Jobs
from workers import sweeper as module
from workers.sweeper import LOOKS, Sweeper

MakeSweeper = Callable[..., Sweeper]


@pytest.fixture
def make(jobs: Jobs, redis: Redis) -> MakeSweeper:
    def sweeper(name: str = "one", *, lease_s: float = 0.0) -> Sweeper:
        return Sweeper(redis, jobs.keys, jobs.log, jobs.queue, name=name, lease_s=lease_s)

    return sweeper


@asynccontextmanager
async def sweeping(sweeper: Sweeper) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(sweeper.run())
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def sweep(sweeper: Sweeper, times: int) -> None:
    for _ in range(times):
        await sweeper.sweep()


async def test_a_job_whose_attempt_died_runs_again_before_all_others(make: MakeSweeper, jobs: Jobs) -> None:
    jobs.queue.put(other := new_job_id(), "high", agent="chat")
    job_id = await jobs.running()
    await sweep(make(), 2)
    assert jobs.queued() == [job_id, other]
    assert (await jobs.statuses(job_id))[-2:] == [JobStatus.STALLED, JobStatus.RETRYING]


async def test_a_job_is_not_lost_before_its_lease_has_been_seen_to_stand_still(
    make: MakeSweeper, jobs: Jobs
) -> None:
    job_id = await jobs.running()
    await sweep(make(lease_s=60), 5)
    assert (await jobs.look(job_id)).runs


async def test_a_writer_that_renews_is_left_alone(make: MakeSweeper, jobs: Jobs) -> None:
    job_id = await jobs.running()
    meta, sweeper = await jobs.log.meta(job_id), make()
    for _ in range(5):
        lease = (await jobs.look(job_id)).lease
        while (await jobs.look(job_id)).lease == lease:
            await jobs.log.append(job_id, epoch=meta.epoch, previous=meta.head, events=[])
        await sweeper.sweep()
    assert (await jobs.log.meta(job_id)).epoch == meta.epoch


async def test_a_job_that_was_accepted_and_never_enqueued_is_enqueued(make: MakeSweeper, jobs: Jobs) -> None:
    job_id, sweeper = await jobs.accepted(), make()
    await sweep(sweeper, LOOKS)
    assert jobs.queued() == [], "it may still be on its way"
    await sweeper.sweep()
    assert jobs.queued() == [job_id]
    await sweep(sweeper, 2 * LOOKS)
    assert jobs.queued() == [job_id], "it waits, so it is not lost"


async def test_a_job_of_an_unnamed_queue_goes_to_the_normal_one(make: MakeSweeper, jobs: Jobs) -> None:
    job_id = await jobs.running(queue="")
    await sweep(make(), 2)
    assert jobs.queued("normal") == [job_id]


@pytest.mark.parametrize("place", ["queue", "intermediate", "scheduled", "started"])
async def test_a_job_that_waits_anywhere_is_left_alone(make: MakeSweeper, jobs: Jobs, place: str) -> None:
    job_id = await jobs.accepted(queue="gpu")
    queue = jobs.queue._queue("gpu")
    match place:
        case "queue":
            jobs.queue.put(job_id, "gpu", agent="chat")
        case "intermediate":
            jobs.connection.rpush(f"{queue.key}:intermediate", b"\xff", job_id)
        case "scheduled":
            jobs.connection.zadd(ScheduledJobRegistry(queue=queue).key, {job_id: 1})  # type: ignore[no-untyped-call]
        case "started":
            jobs.connection.zadd(StartedJobRegistry(queue=queue).key, {f"{job_id}:x": 1})
    await sweep(make(), 3 * LOOKS)
    assert await jobs.statuses(job_id) == [JobStatus.QUEUED]


async def test_a_job_that_comes_and_goes_is_not_lost(make: MakeSweeper, jobs: Jobs) -> None:
    job_id, sweeper = await jobs.accepted(), make()
    for _ in range(3):
        await sweep(sweeper, LOOKS - 1)
        jobs.queue.put(job_id, "high", agent="chat")
        await sweeper.sweep()
        jobs.queue._queue("high").remove(job_id)
    assert (await jobs.look(job_id)).losses == 0


async def test_a_job_that_ended_is_looked_at_no_more(make: MakeSweeper, jobs: Jobs, redis: Redis) -> None:
    job_id = await jobs.running()
    meta = await jobs.log.meta(job_id)
    await write(jobs.log, job_id, meta.epoch, completed(job_id, meta.head + 1))
    await make().sweep()
    assert await OpenJobs(redis, jobs.keys).next_page() == []


async def test_a_job_that_is_just_being_accepted_is_not_taken_out(
    make: MakeSweeper, jobs: Jobs, redis: Redis
) -> None:
    """It is entered before its log is made: a sweep in between took it out for ever."""
    sweeper, job_id = make(), new_job_id()
    await jobs.open.add(job_id)
    await sweep(sweeper, LOOKS - 1)
    assert await OpenJobs(redis, jobs.keys).next_page() == [job_id]
    await sweeper.sweep()
    assert await OpenJobs(redis, jobs.keys).next_page() == []


async def test_all_jobs_are_looked_at_however_many_there_are(
    make: MakeSweeper, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was counted of the jobs of one page was forgotten with the next: none was ever enqueued."""
    monkeypatch.setattr(open_jobs, "LOOKED_AT", 3)
    ids = [await jobs.accepted() for _ in range(7)] + [await jobs.running() for _ in range(3)]
    await sweep(make(), 4 * (LOOKS + 2))
    assert sorted(jobs.queued()) == sorted(ids)


async def test_one_sweeps_and_another_takes_over_when_it_is_gone(
    make: MakeSweeper, jobs: Jobs, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SWEEP_EVERY_S", 0.01)
    monkeypatch.setattr(module, "LOCK_S", 2.0)

    async def holder() -> bytes | str | None:
        return await redis.get(jobs.keys.sweep())

    async with sweeping(make("one")) as first:
        await eventually_awaited(holder)
        async with sweeping(make("two")):
            one, _ = await jobs.running(), await jobs.running()
            await eventually(lambda: one in jobs.queued())
            assert await holder() == b"one"
            first.cancel()
            job_id = await jobs.running()
            await eventually(lambda: job_id in jobs.queued())
            assert await holder() == b"two"


async def test_who_does_not_sweep_remembers_nothing(
    make: MakeSweeper, jobs: Jobs, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SWEEP_EVERY_S", 0.01)
    job_id, sweeper = await jobs.running(), make()
    await sweeper.sweep()
    await redis.set(jobs.keys.sweep(), "another")
    async with sweeping(sweeper):
        await eventually(lambda: not sweeper._silence._seen)
    await sweeper.sweep()
    assert (await jobs.look(job_id)).runs


async def test_after_an_outage_every_writer_gets_a_whole_lease(
    own_redis: RedisServer, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SWEEP_EVERY_S", 0.01)
    redis, connection = connect(own_redis.url), connect_blocking(own_redis.url)
    log = JobLog(redis, keys)
    jobs = Jobs(log, OpenJobs(redis, keys), connection, keys)
    waits, runs = await jobs.accepted(), await jobs.running()
    sweeper = Sweeper(redis, keys, log, jobs.queue, name="one", lease_s=60)
    async with sweeping(sweeper) as task:
        await eventually(lambda: {waits, runs} == set(sweeper._silence._seen))
        own_redis.kill()
        await eventually(lambda: not sweeper._silence._seen)
        own_redis.start()
        await eventually(lambda: {waits, runs} == set(sweeper._silence._seen))
        assert not task.done()
    await redis.aclose()
    connection.close()


async def test_a_queue_that_does_not_answer_leaves_the_job_to_the_next_sweep(
    jobs: Jobs, redis: Redis, own_redis: RedisServer
) -> None:
    with connect_blocking(own_redis.url) as elsewhere:
        queue = Jobs(jobs.log, jobs.open, elsewhere, jobs.keys).queue
        sweeper = Sweeper(redis, jobs.keys, jobs.log, queue, name="one", lease_s=0)
        job_id = await jobs.running()
        own_redis.kill()
        for _ in range(3):
            with suppress(RedisError):
                await sweeper.sweep()
        assert (await jobs.look(job_id)).status == "retrying"
        own_redis.start()
        await sweep(sweeper, LOOKS + 1)
        assert await asyncio.to_thread(queue.waiting, ["high"]) == {job_id}
