"""The thread that keeps leases, against a real server: silent jobs stay alive whatever the loop does."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
import redis
import structlog
from redis.asyncio import Redis

from shared_events.answers import Answer, Appended
from shared_events.events import JobStatus
from shared_events.fold import JobView
from shared_events.ids import Epoch, JobId, new_epoch, new_job_id
from shared_events.keys import Keys
from shared_events.log import JobLog
from shared_events.redis_client import connect, connect_blocking
from shared_events.scripts import Terms
from tests.making import completed, started_job, write
from tests.redis_server import RedisServer
from tests.waiting import eventually
from tests.workers.attempting import attempt, queued, speak
from workers import leases as module
from workers.leases import Leases, LoopWatch
from workers.outcome import Ended


class Silent:
    """A writer that has not heard of its log for long; it notes what it is told."""

    def __init__(self, job_id: JobId, epoch: Epoch) -> None:
        self.job_id, self.epoch = job_id, epoch
        self.heard_at = 0.0
        self.looks = 0
        self.renewed: list[Appended] = []

    def look(self) -> None:
        self.looks += 1

    def on_renewed(self, renewed: Appended) -> None:
        asyncio.get_running_loop()
        self.renewed.append(renewed)


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RENEW_EVERY_S", 0.02)


@asynccontextmanager
async def keeping(url: str, keys: Keys) -> AsyncIterator[Leases]:
    leases = Leases(connect_blocking(url), keys, Terms(lease_s=15))
    leases.start()
    try:
        yield leases
    finally:
        leases.stop()


@pytest.fixture
async def leases(shared_redis: RedisServer, keys: Keys) -> AsyncIterator[Leases]:
    async with keeping(shared_redis.url, keys) as one:
        yield one


@pytest.fixture
def blocking(shared_redis: RedisServer) -> Iterator[redis.Redis]:
    """For looks at the log while no loop runs."""
    with connect_blocking(shared_redis.url) as connection:
        yield connection


async def silent(log: JobLog) -> Silent:
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, epoch)
    return Silent(job_id, epoch)


def newest(writer: Silent) -> Answer | None:
    return writer.renewed[-1].answer if writer.renewed else None


async def test_a_silent_job_is_renewed_and_its_writer_hears_how_things_stand(
    leases: Leases, log: JobLog, redis: Redis, keys: Keys
) -> None:
    writer = await silent(log)
    (before,) = await log.looks([writer.job_id])
    leases.hold(writer)
    await eventually(lambda: len(writer.renewed) >= 3)
    (after,) = await log.looks([writer.job_id])
    assert before is not None
    assert after is not None
    assert int(after.lease) > int(before.lease)
    assert set(writer.renewed) == {Appended(Answer.OK, head=1, listeners=0, control="")}


async def test_a_job_that_writes_is_not_renewed(leases: Leases, log: JobLog) -> None:
    quiet, busy = await silent(log), await silent(log)
    busy.heard_at = time.monotonic() + 100
    for writer in (quiet, busy):
        leases.hold(writer)
    await eventually(lambda: len(quiet.renewed) >= 3)
    assert not busy.renewed


async def test_a_job_that_was_let_go_is_not_renewed(leases: Leases, log: JobLog) -> None:
    one, other = await silent(log), await silent(log)
    leases.hold(one)
    leases.hold(other)
    await eventually(lambda: one.renewed)
    leases.let_go(one)
    await eventually(lambda: len(other.renewed) >= 3)
    count = len(one.renewed)
    await eventually(lambda: len(other.renewed) >= 6)
    assert len(one.renewed) == count


async def test_who_lets_go_does_not_let_its_heir_go(leases: Leases, log: JobLog) -> None:
    zombie = await silent(log)
    heir = Silent(zombie.job_id, zombie.epoch)
    leases.hold(zombie)
    leases.hold(heir)
    leases.let_go(zombie)
    await eventually(lambda: heir.renewed)


async def test_a_renewal_tells_of_listeners_and_requests(
    leases: Leases, log: JobLog, redis: Redis, keys: Keys
) -> None:
    writer = await silent(log)
    await log.request(writer.job_id, b'{"request":"pause"}')
    async with redis.pubsub() as pubsub:
        await pubsub.subscribe(keys.channel(writer.job_id))
        await pubsub.get_message(timeout=30)
        leases.hold(writer)
        await eventually(lambda: writer.renewed)
    assert writer.renewed[0] == Appended(Answer.OK, head=1, listeners=1, control='{"request":"pause"}')


async def test_what_became_of_the_log_is_told(leases: Leases, log: JobLog, redis: Redis, keys: Keys) -> None:
    fenced, closed, lost = [await silent(log) for _ in range(3)]
    await log.start(fenced.job_id, new_epoch())
    await write(log, closed.job_id, closed.epoch, completed(closed.job_id, 2))
    await redis.delete(keys.meta(lost.job_id))
    for writer in (fenced, closed, lost):
        leases.hold(writer)
    await eventually(lambda: all(writer.renewed for writer in (fenced, closed, lost)))
    assert [newest(writer) for writer in (fenced, closed, lost)] == [Answer.FENCED, Answer.CLOSED, Answer.GAP]
    assert lost.renewed[0].head == -1
    assert not await redis.exists(keys.meta(lost.job_id)), "nothing is made anew here"


async def test_a_job_that_cannot_be_renewed_keeps_no_other_from_it(
    leases: Leases, log: JobLog, redis: Redis, keys: Keys
) -> None:
    broken, sound = await silent(log), await silent(log)
    await redis.delete(keys.meta(broken.job_id))
    await redis.set(keys.meta(broken.job_id), "no hash")
    for writer in (broken, sound):
        leases.hold(writer)
    await eventually(lambda: len(sound.renewed) >= 2)
    assert not broken.renewed


async def test_who_is_asked_something_is_told_to_look(leases: Leases, log: JobLog) -> None:
    one, other = await silent(log), await silent(log)
    leases.hold(one)
    leases.hold(other)
    leases.look(one.job_id)
    leases.look(new_job_id())
    assert (one.looks, other.looks) == (1, 0)
    leases.look_all()
    assert (one.looks, other.looks) == (2, 1)


async def test_a_script_that_redis_forgot_is_given_to_it_again(
    leases: Leases, log: JobLog, redis: Redis
) -> None:
    writer = await silent(log)
    leases.hold(writer)
    await eventually(lambda: writer.renewed)
    await redis.script_flush()
    count = len(writer.renewed)
    await eventually(lambda: len(writer.renewed) >= count + 2)


async def test_leases_are_kept_again_when_redis_is_back(own_redis: RedisServer, keys: Keys) -> None:
    client = connect(own_redis.url)
    log = JobLog(client, keys)
    async with keeping(own_redis.url, keys) as leases:
        writer = await silent(log)
        leases.hold(writer)
        await eventually(lambda: writer.renewed)
        own_redis.kill()
        with structlog.testing.capture_logs() as logs:
            await eventually(lambda: any(line["event"] == "leases_not_renewed" for line in logs))
        own_redis.start()
        count = len(writer.renewed)
        await eventually(lambda: len(writer.renewed) > count)
    await client.aclose()


async def test_stop_waits_for_the_thread(leases: Leases) -> None:
    leases.stop()
    assert not leases._thread.is_alive()


def renewed_ms(connection: redis.Redis, keys: Keys, job_id: JobId) -> int:
    """When the lease was renewed, by the clock of Redis."""
    lease = connection.hget(keys.meta(job_id), "lease")
    assert isinstance(lease, bytes)
    return int(lease) - 15_000


def redis_ms(connection: redis.Redis) -> int:
    seconds, micros = connection.time()
    return int(seconds) * 1000 + int(micros) // 1000


def block_for(seconds: float) -> None:
    time.sleep(seconds)


async def test_a_loop_that_is_blocked_keeps_its_leases_and_is_told_where(
    leases: Leases, log: JobLog, blocking: redis.Redis, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BLOCKED_S", 0.2)
    writer = await silent(log)
    leases._watch = LoopWatch(asyncio.get_running_loop())
    leases.hold(writer)
    await eventually(lambda: writer.renewed)
    began_ms, told = redis_ms(blocking), len(writer.renewed)
    with structlog.testing.capture_logs() as logs:
        block_for(1.0)
        last_ms = renewed_ms(blocking, keys, writer.job_id)
    assert last_ms > began_ms + 500
    assert len(writer.renewed) == told, "the writer hears of it when the loop goes on"
    blocked = [line for line in logs if line["event"] == "loop_blocked"]
    assert 1 <= len(blocked) <= 3, "again only when the time has doubled"
    assert "block_for" in blocked[0]["stack"]
    assert 0.2 <= blocked[0]["seconds"] < 1.0
    await eventually(lambda: len(writer.renewed) > told)


async def test_a_loop_that_is_blocked_before_a_claim_is_answered_keeps_that_job_too(
    leases: Leases, log: JobLog, blocking: redis.Redis, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id, view, kept_for_ms = await queued(log), log.view, -1

    async def blocked_first(job_id: JobId) -> JobView:
        nonlocal kept_for_ms
        claimed_ms = renewed_ms(blocking, keys, job_id)
        block_for(1.0)
        kept_for_ms = renewed_ms(blocking, keys, job_id) - claimed_ms
        return await view(job_id)

    monkeypatch.setattr(log, "view", blocked_first)
    assert await attempt(log, job_id, speak, leases=leases).run() == Ended(JobStatus.COMPLETED)
    assert kept_for_ms > 500
    assert not leases._held


async def test_a_loop_that_answers_is_never_reported(
    leases: Leases, log: JobLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = await silent(log)
    leases.hold(writer)
    with structlog.testing.capture_logs() as logs:
        await eventually(lambda: len(writer.renewed) >= 20)
    assert not [line for line in logs if line["event"] == "loop_blocked"]
