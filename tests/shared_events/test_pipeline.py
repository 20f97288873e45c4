"""The pipeline against a real server: the appends of many jobs share round trips, and no other's trouble."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import cast

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError

from shared_events import pipeline as module
from shared_events.answers import Answer, Appended
from shared_events.events import JobStatus
from shared_events.ids import Epoch, JobId, new_epoch, new_job_id
from shared_events.keys import Keys
from shared_events.pipeline import PipelinedLog
from shared_events.redis_client import connect
from tests.making import chunk, completed, encoded, started_job
from tests.redis_server import RedisServer
from tests.waiting import eventually

Job = tuple[JobId, Epoch]


@asynccontextmanager
async def pipelined(redis: Redis, keys: Keys) -> AsyncIterator[PipelinedLog]:
    log = PipelinedLog(redis, keys)
    running = asyncio.create_task(log.pipeline.run())
    try:
        yield log
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


@pytest.fixture
async def log(redis: Redis, keys: Keys) -> AsyncIterator[PipelinedLog]:
    async with pipelined(redis, keys) as one:
        yield one


async def jobs(log: PipelinedLog, count: int) -> list[Job]:
    """Jobs of one event each."""
    made = [(new_job_id(), new_epoch()) for _ in range(count)]
    await asyncio.gather(*(started_job(log, *job) for job in made))
    return made


async def put(log: PipelinedLog, job: Job, previous: int = 1, text: str = "x") -> Appended:
    job_id, epoch = job
    event = encoded(chunk(job_id, previous + 1, text))
    return await log.append(job_id, epoch=epoch, previous=previous, events=event)


async def put_all(log: PipelinedLog, those: list[Job], previous: int = 1) -> list[Appended | BaseException]:
    return await asyncio.gather(*(put(log, job, previous) for job in those), return_exceptions=True)


async def kill_connections(redis: Redis) -> None:
    """Cut off all but our own, the pipeline's among them, at the server's side."""
    await redis.client_kill_filter(_type="normal", skipme=True)


async def test_many_jobs_share_round_trips(log: PipelinedLog) -> None:
    those = await jobs(log, 100)
    before = log.pipeline.round_trips
    answers = await put_all(log, those)
    assert {cast("Appended", answer).answer for answer in answers} == {Answer.OK}
    assert log.pipeline.round_trips - before <= 2
    assert log.pipeline.appends == 200


async def test_one_round_trip_carries_no_more_than_it_may(
    log: PipelinedLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    those = await jobs(log, 20)
    monkeypatch.setattr(module, "MOST_TOGETHER", 5)
    before = log.pipeline.round_trips
    await put_all(log, those)
    assert log.pipeline.round_trips - before >= 4


async def test_a_single_append_leaves_at_once(log: PipelinedLog) -> None:
    (job,) = await jobs(log, 1)
    assert (await put(log, job)).head == 2


async def test_each_jobs_events_stay_in_order(log: PipelinedLog) -> None:
    those = await jobs(log, 20)

    async def write(job: Job) -> str:
        for previous in range(1, 40):
            assert (await put(log, job, previous, f"{previous} ")).answer is Answer.OK
        return (await log.view(job[0])).text

    texts = await asyncio.gather(*(write(job) for job in those))
    assert set(texts) == {"".join(f"{n} " for n in range(1, 40))}
    assert log.pipeline.round_trips < log.pipeline.appends / 2


async def test_the_end_of_a_job_closes_it(log: PipelinedLog) -> None:
    ((job_id, epoch),) = await jobs(log, 1)
    end = encoded(completed(job_id, 2))
    await log.append(job_id, epoch=epoch, previous=1, events=end, status=JobStatus.COMPLETED)
    assert (await put(log, (job_id, epoch), 2)).answer is Answer.CLOSED


async def test_a_command_that_fails_fails_alone(log: PipelinedLog, redis: Redis, keys: Keys) -> None:
    those = await jobs(log, 5)
    broken = those[2][0]
    await redis.delete(keys.log(broken))
    await redis.set(keys.log(broken), "no stream")
    answers = await put_all(log, those)
    assert isinstance(answers[2], ResponseError)
    assert all(isinstance(answer, Appended) for answer in answers[:2] + answers[3:])


async def test_scripts_that_redis_forgot_are_given_to_it_again(log: PipelinedLog, redis: Redis) -> None:
    those = await jobs(log, 10)
    for previous in range(1, 4):
        await redis.script_flush()
        answers = await put_all(log, those, previous)
        assert [cast("Appended", answer).head for answer in answers] == [previous + 1] * 10


async def test_a_connection_that_is_cut_fails_what_is_under_way_and_the_next_ones_work(
    log: PipelinedLog, redis: Redis
) -> None:
    those = await jobs(log, 10)
    await kill_connections(redis)
    assert all(isinstance(answer, RedisError) for answer in await put_all(log, those))
    assert all(isinstance(answer, Appended) for answer in await put_all(log, those))


async def test_an_append_whose_writer_was_cancelled_is_not_sent(redis: Redis, keys: Keys) -> None:
    idle = PipelinedLog(redis, keys)
    job_id, epoch = new_job_id(), new_epoch()
    await idle.create(job_id, epoch, {})
    writing = asyncio.create_task(put(idle, (job_id, epoch), 0))
    await asyncio.sleep(0)
    writing.cancel()
    running = asyncio.create_task(idle.pipeline.run())
    await eventually(lambda: not idle.pipeline._news.is_set())
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert (await idle.meta(job_id)).head == 0
    running.cancel()
    await asyncio.wait({running})


async def test_a_writer_that_is_cancelled_under_way_leaves_the_others_their_replies(
    own_redis: RedisServer, keys: Keys
) -> None:
    redis = connect(own_redis.url)
    async with pipelined(redis, keys) as log:
        those = await jobs(log, 3)
        own_redis.freeze()
        writing = [asyncio.create_task(put(log, job)) for job in those]
        await eventually(lambda: len(log.pipeline._under_way) == 3)
        writing[1].cancel()
        await asyncio.sleep(0)
        own_redis.thaw()
        answers = await asyncio.gather(*writing, return_exceptions=True)
        assert [type(answer) for answer in answers] == [Appended, asyncio.CancelledError, Appended]
        assert (await put(log, those[1])).answer is Answer.DUP, "it was sent all the same"
    await redis.aclose()


async def test_a_pipeline_that_is_closed_fails_who_waits_and_who_is_under_way(
    own_redis: RedisServer, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those under way were never answered: their writers would have waited for ever."""
    monkeypatch.setattr(module, "MOST_TOGETHER", 2)
    redis = connect(own_redis.url)
    async with pipelined(redis, keys) as log:
        those = await jobs(log, 4)
        own_redis.freeze()
        writing = asyncio.gather(*(put(log, job) for job in those), return_exceptions=True)
        await eventually(lambda: len(log.pipeline._under_way) == 2)
    answers = await asyncio.wait_for(writing, 30)
    assert [str(answer) for answer in answers] == [module.CLOSED] * 4
    own_redis.thaw()
    await redis.aclose()


async def test_nothing_can_be_appended_to_a_closed_pipeline(redis: Redis, keys: Keys) -> None:
    async with pipelined(redis, keys) as log:
        (job,) = await jobs(log, 1)
    with pytest.raises(RedisConnectionError, match="closed"):
        await put(log, job)


async def test_a_redis_that_is_frozen_fails_the_append_in_time_and_may_come_back(
    own_redis: RedisServer, keys: Keys
) -> None:
    redis = connect(own_redis.url)
    redis.connection_pool.connection_kwargs |= {"socket_timeout": 0.2, "socket_connect_timeout": 0.2}
    async with pipelined(redis, keys) as log:
        (job,) = await jobs(log, 1)
        own_redis.freeze()
        for _ in range(2):
            (answer,) = await asyncio.wait_for(put_all(log, [job]), 4)
            assert isinstance(answer, RedisError | OSError)
        own_redis.thaw()
        assert (await put(log, job)).answer in {Answer.OK, Answer.DUP}
    await redis.aclose()
