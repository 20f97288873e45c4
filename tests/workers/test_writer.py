"""The writer against a real log: batches, outages, lost tails, other writers, requests."""

import asyncio
from typing import Any

import pytest
from redis.asyncio import Redis

from shared_events import compaction
from shared_events.errors import Fenced, JobClosed, LogUnavailable
from shared_events.events import JobCompleted, JobStatus
from shared_events.ids import new_epoch
from shared_events.keys import Keys
from shared_events.log import JobLog
from shared_events.redis_client import connect
from tests.redis_server import RedisServer
from tests.waiting import eventually, eventually_awaited
from tests.workers.writing import Job, publish, writing
from workers import persistence
from workers import writer as module
from workers.errors import OutputTooLarge, UnencodableOutput


async def test_everything_published_is_in_the_log_once_and_in_order(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "KEPT_AT_THE_END", 5000)
    job.writer._compaction._due_at_bytes = 10**9
    for n in range(2000):
        await job.writer.chunk(f"{n} ", None)
    await job.writer.progress(50, "half", {"n": 1})
    view = await job.complete()
    assert view.text == "".join(f"{n} " for n in range(2000))
    assert (view.progress, view.step, view.status) == (50, "half", JobStatus.COMPLETED)
    assert len((await job.log.read_after(job.id, 0)).events) == view.sequence == 2003


async def test_the_first_token_does_not_wait_for_a_batch(job: Job) -> None:
    await job.writer.chunk("first", None)

    async def there() -> bool:
        return (await job.log.view(job.id)).text == "first"

    await eventually_awaited(there)


async def test_long_text_goes_out_in_pieces_that_the_bus_can_carry(job: Job) -> None:
    text = "\x00🙂ü" * 5000
    await job.writer.chunk(text, None)
    view = await job.complete()
    events = (await job.log.read_after(job.id, 0)).events
    assert view.text == text
    assert max(map(len, events)) < 16 * 1024


async def test_nothing_can_be_published_after_the_end(job: Job) -> None:
    await job.complete()
    with pytest.raises(JobClosed, match="after its last event"):
        await job.writer.chunk("late", None)


@pytest.mark.parametrize("value", [object(), "\ud800", {1, object()}])
async def test_what_json_cannot_say_is_refused_and_takes_no_sequence(job: Job, value: Any) -> None:
    with pytest.raises(UnencodableOutput, match="JSON cannot say"):
        job.writer.end(JobCompleted, result=value)
    assert (await job.complete()).sequence == 2


async def test_output_is_bounded(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TEXT_LIMIT_CHARACTERS", 10)
    with pytest.raises(OutputTooLarge, match="10 characters at most"):
        await job.writer.chunk("x" * 11, None)
    with pytest.raises(OutputTooLarge, match="bytes at most"):
        job.writer.end(JobCompleted, result="x" * 2_000_000)


async def test_a_silent_job_that_looks_hears_of_a_request(job: Job) -> None:
    await job.log.request(job.id, b'{"request":"cancel"}')
    job.writer.look()
    await eventually(lambda: job.answers[-1].control == '{"request":"cancel"}')


async def test_a_fenced_writer_stops_and_publishes_nothing(job: Job) -> None:
    await job.writer.chunk("mine", None)
    await eventually(lambda: job.writer._outbox.idle)
    await job.log.start(job.id, new_epoch())
    await job.writer.chunk("zombie", None)
    with pytest.raises(Fenced):
        await job.task
    assert (await job.log.view(job.id)).text == "mine"


async def test_a_log_that_lost_its_tail_gets_the_same_events_at_the_same_sequences(
    job: Job, redis: Redis, keys: Keys
) -> None:
    await publish(job, 4)
    names = (keys.meta(job.id), keys.log(job.id))
    replica = {name: await redis.dump(name) or b"" for name in names}
    await publish(job, 6)
    before = (await job.log.read_after(job.id, 0)).events
    for name, data in replica.items():
        await redis.restore(name, 0, data, replace=True)
    view = await job.complete()
    assert (await job.log.read_after(job.id, 0)).events[:-1] == before
    assert view.text == "0 1 2 3 0 1 2 3 4 5 "


async def test_a_log_that_is_gone_is_written_anew_under_another_epoch(
    job: Job, redis: Redis, keys: Keys
) -> None:
    await job.writer.chunk("before ", None)
    await job.writer.progress(10, "one", None)
    await eventually(lambda: job.writer._outbox.idle)
    old = (await job.log.meta(job.id)).epoch
    await redis.delete(keys.meta(job.id), keys.log(job.id))
    await job.writer.chunk("after", None)
    view = await job.complete()
    assert (view.text, view.progress, view.step, view.status) == (
        "before after",
        10,
        "one",
        JobStatus.COMPLETED,
    )
    assert view.epoch != old


async def test_a_long_log_is_compacted_and_stays_whole(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction, "COMPACT_BYTES", 4096)
    job.writer._compaction._due_at_bytes = 4096
    for n in range(2000):
        await job.writer.chunk(f"{n} ", None)
        await asyncio.sleep(0)
    view = await job.complete()
    tail = await job.log.read_after(job.id, 0)
    assert view.text == "".join(f"{n} " for n in range(2000))
    assert tail.meta.first > 1
    assert len(tail.events) == view.sequence - tail.meta.first + 1 == compaction.KEPT_AT_THE_END


async def test_an_outage_loses_nothing(own_redis: RedisServer, keys: Keys) -> None:
    redis = connect(own_redis.url)
    async with writing(JobLog(redis, keys)) as job:
        await job.writer.chunk("before ", None)
        await eventually(lambda: job.writer._outbox.idle)
        own_redis.kill()
        for n in range(100):
            await job.writer.chunk(f"{n} ", None)
        own_redis.start()
        view = await job.complete()
    await redis.aclose()
    assert view.text == "before " + "".join(f"{n} " for n in range(100))


async def test_an_outage_slows_the_agent_down_and_then_ends(
    own_redis: RedisServer, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "UNSENT_LIMIT_BYTES", 10_000)
    monkeypatch.setattr(persistence, "OUTAGE_LIMIT_S", 0.5)
    redis = connect(own_redis.url)
    async with writing(JobLog(redis, keys)) as job:
        await eventually(lambda: job.writer._outbox.idle)
        own_redis.kill()

        async def flood() -> None:
            while True:
                await job.writer.chunk("x" * 100, None)

        flooding = asyncio.create_task(flood())
        with pytest.raises(LogUnavailable):
            await job.task
        assert not flooding.done()
        assert job.writer._outbox.unsent_bytes < 12_000
        flooding.cancel()
    await redis.aclose()
