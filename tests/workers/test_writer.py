"""The writer against a real log: batches, outages, lost tails, other writers, requests."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from redis.asyncio import Redis

from shared_events.errors import Fenced, JobClosed, LogUnavailable
from shared_events.events import JobCompleted, JobStatus
from shared_events.fold import JobView
from shared_events.ids import JobId, new_epoch, new_job_id
from shared_events.keys import Keys
from shared_events.log import JobLog
from shared_events.redis_client import connect
from tests.redis_server import RedisServer
from tests.waiting import eventually, eventually_awaited
from workers import writer as module
from workers.errors import OutputTooLarge, UnencodableOutput
from workers.writer import Writer


class Job:
    """A job with a running writer."""

    def __init__(self, log: JobLog, writer: Writer, job_id: JobId, task: asyncio.Task[None]) -> None:
        self.log, self.writer, self.id, self.task = log, writer, job_id, task
        self.requests: list[str] = []

    async def complete(self) -> JobView:
        """End the job; the view that the log folds to."""
        await self.writer.put(JobCompleted)
        await self.writer.finish()
        await self.task
        return await self.log.view(self.id)


@asynccontextmanager
async def writing(log: JobLog) -> AsyncIterator[Job]:
    job_id, epoch = new_job_id(), new_epoch()
    await log.create(job_id, epoch, {"agent": "chat", "owner": "dev"})
    requests: list[str] = []
    writer = Writer(log, job_id, epoch, JobView(job_id), fields={"agent": "chat"}, on_control=requests.append)
    task = asyncio.create_task(writer.run())
    job = Job(log, writer, job_id, task)
    job.requests = requests
    await writer.status(JobStatus.RUNNING, attempt=1)
    try:
        yield job
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, Fenced, JobClosed, LogUnavailable):
            await task


async def publish(job: Job, count: int) -> None:
    """`count` chunks, in the log when this returns."""
    for n in range(count):
        await job.writer.chunk(f"{n} ", None)
    await eventually(lambda: job.writer._outbox.idle)


@pytest.fixture
async def job(log: JobLog) -> AsyncIterator[Job]:
    async with writing(log) as one:
        yield one


async def test_everything_published_is_in_the_log_once_and_in_order(job: Job) -> None:
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

    await eventually_awaited(there, timeout_s=module.RENEW_EVERY_S / 2)


async def test_long_text_goes_out_in_pieces_that_the_bus_can_carry(job: Job) -> None:
    text = "\x00🙂ü" * 5000
    await job.writer.chunk(text, None)
    view = await job.complete()
    events = (await job.log.read_after(job.id, 0)).events
    assert view.text == text
    assert max(map(len, events)) < 16 * 1024


async def test_nothing_can_be_published_after_the_end(job: Job) -> None:
    await job.complete()
    with pytest.raises(JobClosed, match="after its terminal event"):
        await job.writer.chunk("late", None)


@pytest.mark.parametrize("value", [object(), "\ud800", {1, object()}])
async def test_what_json_cannot_say_is_refused_and_takes_no_sequence(job: Job, value: Any) -> None:
    with pytest.raises(UnencodableOutput, match="JSON cannot say"):
        await job.writer.put(JobCompleted, result=value)
    assert (await job.complete()).sequence == 2


async def test_output_is_bounded(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TEXT_LIMIT_CHARACTERS", 10)
    with pytest.raises(OutputTooLarge, match="10 characters at most"):
        await job.writer.chunk("x" * 11, None)
    with pytest.raises(OutputTooLarge, match="bytes at most"):
        await job.writer.put(JobCompleted, result="x" * 2_000_000)


async def test_a_request_reaches_a_silent_job(job: Job) -> None:
    await job.log.request(job.id, b'{"request":"cancel"}')
    await eventually(lambda: job.requests, timeout_s=2 * module.RENEW_EVERY_S + 1)
    assert job.requests[0] == '{"request":"cancel"}'


async def test_a_fenced_writer_stops_and_publishes_nothing(job: Job) -> None:
    await job.writer.chunk("mine", None)
    await eventually(lambda: job.writer._outbox.idle)
    await job.log.claim(job.id, new_epoch(), new_attempt=True)
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
    monkeypatch.setattr(module, "COMPACT_BYTES", 4096)
    job.writer._compact_at = 4096
    for n in range(2000):
        await job.writer.chunk(f"{n} ", None)
        await asyncio.sleep(0)
    view = await job.complete()
    tail = await job.log.read_after(job.id, 0)
    assert view.text == "".join(f"{n} " for n in range(2000))
    assert tail.meta.first > 1
    assert len(tail.events) == view.sequence - tail.meta.first + 1


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
    monkeypatch.setattr(module, "OUTAGE_LIMIT_S", 0.5)
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
