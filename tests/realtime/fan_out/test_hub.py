"""The hub with a real bus and a real log: what followers get when things go wrong between them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import msgspec
import pytest
from redis.asyncio import Redis

from realtime.errors import NotFound, TooMany, Unavailable
from realtime.fan_out import hub as module
from realtime.fan_out import mender
from realtime.fan_out.hub import Hub
from shared_events.checkpoint import Checkpoint
from shared_events.events import EVENTS, JobSnapshot, decode_event
from shared_events.fold import JobView
from shared_events.ids import JobId, new_epoch, new_job_id
from shared_events.keys import Keys
from shared_events.log import JobLog
from shared_events.redis_client import connect
from tests.making import chunk, completed, encoded, started_job, status, write
from tests.realtime.fan_out.browser import Browser
from tests.redis_server import RedisServer
from tests.waiting import eventually


class Client(Browser):
    """A browser that folds what it gets; a gap or a duplicate would be seen."""

    def __init__(self, hub: Hub, job_id: JobId) -> None:
        super().__init__(hub.outlets)
        self.view = JobView(job_id)
        self.outcomes: list[str] = []

    def fold(self) -> JobView:
        for event in self.read():
            name, payload = msgspec.json.decode(event, type=tuple[str, msgspec.Raw])
            if name in EVENTS:
                outcome = self.view.receive(decode_event(event))
            else:
                outcome = self.view.receive_snapshot(msgspec.json.decode(payload, type=JobSnapshot))
            self.outcomes.append(outcome)
        return self.view


async def follow(hub: Hub, job_id: JobId, checkpoint: Checkpoint | None = None) -> Client:
    client = Client(hub, job_id)
    if checkpoint is not None:
        client.view.sequence = checkpoint.sequence
    _, attach = await hub.join(client.outlet, job_id, checkpoint)
    attach()
    return client


@asynccontextmanager
async def running(redis: Redis, keys: Keys) -> AsyncIterator[Hub]:
    hub = Hub(redis, JobLog(redis, keys), keys)
    task = asyncio.create_task(hub.run())
    try:
        await eventually(lambda: hub.bus.connected)
        yield hub
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture
async def hub(redis: Redis, keys: Keys) -> AsyncIterator[Hub]:
    async with running(redis, keys) as one:
        yield one


async def test_join_gives_what_was_missed_and_then_everything_live(hub: Hub, log: JobLog) -> None:
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, epoch, "a", "b")
    client = await follow(hub, job_id, Checkpoint(2, epoch))
    await write(log, job_id, epoch, chunk(job_id, 4, "c"), completed(job_id, 5))
    await eventually(lambda: client.fold().ended)
    assert client.view.text == "bc"
    assert set(client.outcomes) == {"applied"}


@pytest.mark.parametrize("sequence", range(8))
async def test_from_any_sequence_to_the_head_nothing_is_missing(hub: Hub, log: JobLog, sequence: int) -> None:
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, epoch, *"abcdef")
    client = await follow(hub, job_id, Checkpoint(sequence, epoch))
    client.fold()
    assert client.view.sequence == 7
    assert set(client.outcomes) == ({"applied"} if sequence < 7 else set())


async def test_joins_in_the_middle_of_a_fast_stream_are_seamless(hub: Hub, log: JobLog) -> None:
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, epoch)
    clients: list[Client] = []

    async def stream() -> None:
        for n in range(2, 1000):
            await write(log, job_id, epoch, chunk(job_id, n, f"{n} "))
        await write(log, job_id, epoch, completed(job_id, 1000))

    async def join() -> None:
        for n in range(40):
            clients.append(await follow(hub, job_id, Checkpoint(n, epoch) if n % 2 else None))
            await asyncio.sleep(0.01)

    await asyncio.gather(stream(), join())
    await eventually(lambda: all(client.fold().ended for client in clients))
    whole = (await log.view(job_id)).text
    assert all(whole.endswith(client.view.text) for client in clients)
    assert all(outcome == "applied" for client in clients for outcome in client.outcomes)


async def test_a_hole_in_the_bus_is_filled_from_the_log(
    hub: Hub, log: JobLog, redis: Redis, keys: Keys
) -> None:
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, epoch)
    client = await follow(hub, job_id)
    silent = JobLog(redis, Deaf(keys.prefix))
    await write(silent, job_id, epoch, chunk(job_id, 2, "unheard "))
    await write(log, job_id, epoch, chunk(job_id, 3, "heard"))
    await eventually(lambda: client.fold().text == "unheard heard")


class Deaf(Keys, frozen=True):
    """Publishes where nobody listens."""

    def channel(self, job_id: JobId) -> str:
        return f"nowhere:{{{job_id}}}"


async def test_a_lost_last_event_is_found(hub: Hub, log: JobLog, redis: Redis, keys: Keys) -> None:
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, epoch, "a")
    client = await follow(hub, job_id)
    silent = JobLog(redis, Deaf(keys.prefix))
    await write(silent, job_id, epoch, completed(job_id, 3))
    await eventually(lambda: client.fold().ended, timeout_s=10 * module.COMPARE_EVERY_S)


async def test_a_hundred_cuts_of_the_bus_leave_everyone_whole(hub: Hub, log: JobLog, redis: Redis) -> None:
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, epoch)
    clients = [await follow(hub, job_id) for _ in range(5)]
    for n in range(2, 302):
        await write(log, job_id, epoch, chunk(job_id, n, f"{n} "))
        if n % 3 == 0:
            await redis.client_kill_filter(_type="pubsub")
    await write(log, job_id, epoch, completed(job_id, 302))
    await eventually(lambda: all(client.fold().ended for client in clients), timeout_s=20)
    assert {client.view.text for client in clients} == {(await log.view(job_id)).text}
    assert all(outcome == "applied" for client in clients for outcome in client.outcomes)


async def test_a_new_epoch_reaches_all_and_an_overtaken_checkpoint_is_reset(hub: Hub, log: JobLog) -> None:
    job_id, epoch, heir = new_job_id(), new_epoch(), new_epoch()
    await started_job(log, job_id, epoch, "a")
    live = await follow(hub, job_id)
    await log.start(job_id, heir)
    await write(log, job_id, heir, status(job_id, 3, heir), chunk(job_id, 4, "b"))
    await eventually(lambda: live.fold().text == "ab")
    assert live.view.epoch == heir
    within = await follow(hub, job_id, Checkpoint(2, epoch))
    assert within.read()[0].startswith(b'["job:status"')
    overtaken = await follow(hub, job_id, Checkpoint(3, epoch))
    assert b'"reset":true' in overtaken.read()[0]


async def test_unknown_and_too_many_jobs_are_refused(
    hub: Hub, log: JobLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotFound):
        await follow(hub, new_job_id())
    monkeypatch.setattr(module, "MAX_FOLLOWED", 1)
    ids = [new_job_id(), new_job_id()]
    for job_id in ids:
        await started_job(log, job_id, new_epoch(), "a")
    client = await follow(hub, ids[0])
    with pytest.raises(TooMany, match="1 jobs"):
        await hub.join(client.outlet, ids[1], None)
    await hub.join(client.outlet, ids[0], None)


async def test_unfollowed_jobs_are_dropped(hub: Hub, log: JobLog, redis: Redis, keys: Keys) -> None:
    job_id = new_job_id()
    await started_job(log, job_id, new_epoch(), "a")
    client = await follow(hub, job_id)
    assert [feed.job_id for feed in hub.feeds] == [job_id]
    client.outlet.close()
    await eventually(lambda: not hub.feeds)
    assert await redis.pubsub_numsub(keys.channel(job_id)) == [(keys.channel(job_id).encode(), 0)]


async def test_a_log_that_is_gone_for_good_leaves_nobody_waiting(
    hub: Hub, log: JobLog, redis: Redis, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mender, "LOST_AFTER_S", 0.1)
    job_id = new_job_id()
    await started_job(log, job_id, new_epoch(), "kept")
    client = await follow(hub, job_id)
    await redis.delete(keys.meta(job_id), keys.log(job_id))
    await eventually(lambda: client.fold().ended)
    assert client.view.error is not None
    assert (client.view.error.code, client.view.text) == ("log_lost", "kept")


async def test_redis_killed_and_started_again(own_redis: RedisServer, keys: Keys) -> None:
    redis = connect(own_redis.url)
    log = JobLog(redis, keys)
    async with running(redis, keys) as hub:
        job_id, epoch = new_job_id(), new_epoch()
        await started_job(log, job_id, epoch, "before ")
        client = await follow(hub, job_id)
        own_redis.kill()
        await eventually(lambda: not hub.bus.connected)
        with pytest.raises(Unavailable):
            await follow(hub, new_job_id())
        own_redis.start()
        await write(log, job_id, epoch, chunk(job_id, 3, "after"))
        await eventually(lambda: client.fold().text == "before after")
    await redis.aclose()


async def test_a_large_event_that_the_bus_only_announces_arrives(hub: Hub, log: JobLog) -> None:
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, epoch)
    client = await follow(hub, job_id)
    large = chunk(job_id, 2, "x" * 100_000)
    assert len(encoded(large)[0]) > 100_000
    await write(log, job_id, epoch, large)
    await eventually(lambda: client.fold().text == "x" * 100_000)


async def test_a_slow_reader_is_caught_up_once_it_reads(
    hub: Hub, log: JobLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("realtime.fan_out.outlet.HIGH_WATER_BYTES", 100)
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, epoch)
    slow = await follow(hub, job_id)
    for n in range(2, 50):
        await write(log, job_id, epoch, chunk(job_id, n, f"{n} "))
    await write(log, job_id, epoch, completed(job_id, 50))
    await eventually(lambda: slow.fold().ended)
    assert slow.view.text == (await log.view(job_id)).text


async def test_who_reads_nothing_cannot_order_more(
    hub: Hub, log: JobLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every subscription sent its snapshot, read or not: a connection could order gigabytes."""
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, epoch, "x" * 1000)
    monkeypatch.setattr("realtime.fan_out.outlet.HIGH_WATER_BYTES", 100)
    client = await follow(hub, job_id)
    with pytest.raises(TooMany, match="unread"):
        await hub.join(client.outlet, job_id, None)
