"""How often the hub reads the log, and for whom: once for a crowd, and only for those who miss something."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence

import pytest
from redis.asyncio import Redis

from realtime.errors import NotFound
from realtime.fan_out import hub as module
from realtime.fan_out.hub import Hub
from shared_events.answers import LogTail, Whole
from shared_events.checkpoint import Checkpoint
from shared_events.ids import Epoch, JobId, new_epoch, new_job_id
from shared_events.keys import Keys
from shared_events.log import JobLog
from tests.making import chunk, completed, started_job, status, write
from tests.realtime.fan_out.test_hub import Client, Deaf, follow
from tests.waiting import eventually

CROWD = 1000


class CountingLog(JobLog):
    """Counts reads by job; `compared` counts looks at where a log stands."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        super().__init__(redis, keys)
        self.reads: Counter[JobId] = Counter()
        self.compared: Counter[JobId] = Counter()

    async def whole(self, job_id: JobId) -> Whole:
        self.reads[job_id] += 1
        return await super().whole(job_id)

    async def read_after(self, job_id: JobId, sequence: int) -> LogTail:
        self.reads[job_id] += 1
        return await super().read_after(job_id, sequence)

    async def heads(self, job_ids: Sequence[JobId]) -> list[tuple[Epoch, int] | None]:
        self.compared.update(job_ids)
        return await super().heads(job_ids)


@pytest.fixture
def counted(redis: Redis, keys: Keys) -> CountingLog:
    return CountingLog(redis, keys)


@pytest.fixture
async def hub(redis: Redis, keys: Keys, counted: CountingLog) -> AsyncIterator[Hub]:
    hub = Hub(redis, counted, keys)
    task = asyncio.create_task(hub.run())
    await eventually(lambda: hub.bus.connected)
    yield hub
    task.cancel()
    await asyncio.wait({task})


async def crowd(hub: Hub, job_id: JobId, checkpoint: Checkpoint | None = None) -> list[Client]:
    return await asyncio.gather(*(follow(hub, job_id, checkpoint) for _ in range(CROWD)))


async def test_a_thousand_who_come_at_once_cost_one_read(hub: Hub, log: JobLog, counted: CountingLog) -> None:
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, epoch, *["word "] * 200)
    clients = await crowd(hub, job_id, Checkpoint(1, epoch))
    assert counted.reads == {job_id: 1}
    assert {client.fold().sequence for client in clients} == {201}
    assert {len(client.outcomes) for client in clients} == {1}, "the chunks were not merged"
    await write(log, job_id, epoch, completed(job_id, 202))
    await eventually(lambda: all(client.fold().ended for client in clients))
    assert counted.reads == {job_id: 1}


async def test_a_thousand_overtaken_checkpoints_are_reset_by_one_more_read(
    hub: Hub, log: JobLog, counted: CountingLog
) -> None:
    """All but two were told to try again: each saw another's read, and took it for one too old."""
    job_id = new_job_id()
    await started_job(log, job_id, new_epoch(), "kept")
    clients = await crowd(hub, job_id, Checkpoint(9, new_epoch()))
    assert counted.reads[job_id] <= 2
    assert all(b'"reset":true' in client.read()[0] for client in clients)


async def test_after_a_cut_of_the_bus_only_who_missed_something_is_read_for(
    hub: Hub, log: JobLog, counted: CountingLog, redis: Redis, keys: Keys
) -> None:
    jobs = [(new_job_id(), new_epoch()) for _ in range(5)]
    for job_id, epoch in jobs:
        await started_job(log, job_id, epoch)
    clients = [await follow(hub, job_id) for job_id, _ in jobs]
    missed, epoch = jobs[2]
    await write(JobLog(redis, Deaf(keys.prefix)), missed, epoch, chunk(missed, 2, "unheard"))
    counted.reads.clear()
    sessions = hub.bus.sessions
    await redis.client_kill_filter(_type="pubsub")
    await eventually(lambda: hub.bus.sessions > sessions)
    await eventually(lambda: clients[2].fold().text == "unheard")
    await eventually(lambda: all(counted.compared[job_id] for job_id, _ in jobs))
    assert counted.reads == {missed: 1}


async def test_only_quiet_jobs_are_compared_with_their_logs(
    hub: Hub, log: JobLog, counted: CountingLog
) -> None:
    (busy, epoch), quiet = (new_job_id(), new_epoch()), new_job_id()
    await started_job(log, busy, epoch)
    await started_job(log, quiet, new_epoch())
    client, _ = await follow(hub, busy), await follow(hub, quiet)
    await eventually(lambda: counted.compared[quiet] >= 1)
    counted.compared.clear()
    sequence = 2
    while counted.compared[quiet] < 2:
        await write(log, busy, epoch, chunk(busy, sequence, "x"))
        await eventually(lambda: client.fold().sequence == sequence)  # noqa: B023
        sequence += 1
    assert counted.compared[busy] == 0


async def test_who_is_hidden_gets_it_now_and_then_merged_and_live_again_when_shown(
    hub: Hub, log: JobLog
) -> None:
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, epoch)
    client, other = await follow(hub, job_id), await follow(hub, job_id)
    with pytest.raises(NotFound):
        hub.show(Client(hub, job_id).outlet, job_id, visible=False)
    client.fold()
    client.outcomes.clear()
    hub.show(client.outlet, job_id, visible=False)
    for n in range(2, 102):
        await write(log, job_id, epoch, chunk(job_id, n, "x"))
    await eventually(lambda: other.fold().sequence == 101)
    await eventually(lambda: client.fold().sequence == 101, timeout_s=10 * module.HIDDEN_EVERY_S)
    assert len(client.outcomes) < 20
    hub.show(client.outlet, job_id, visible=True)
    await write(log, job_id, epoch, chunk(job_id, 102, "y"))
    await eventually(lambda: client.fold().sequence == 102, timeout_s=module.HIDDEN_EVERY_S / 2)


async def test_the_state_of_a_job_reaches_hidden_pages_at_once(hub: Hub, log: JobLog) -> None:
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, epoch)
    client = await follow(hub, job_id)
    hub.show(client.outlet, job_id, visible=False)
    await write(log, job_id, epoch, chunk(job_id, 2, "x"), status(job_id, 3, epoch), completed(job_id, 4))
    await eventually(lambda: client.fold().ended)
    assert not client.outlet.followed


async def test_tails_are_cut_to_their_limit_and_who_needs_more_gets_a_snapshot(
    hub: Hub, log: JobLog, counted: CountingLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SHORTEST_TAIL_BYTES", 1000)
    monkeypatch.setattr(module, "LONGEST_TAIL_BYTES", 1000)
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, epoch, *["word "] * 50)
    await follow(hub, job_id)
    [feed] = hub.feeds
    await eventually(lambda: feed.tail is not None and feed.tail.size <= 1000)
    counted.reads.clear()
    late = await follow(hub, job_id)
    assert late.fold().text == (await log.view(job_id)).text
    assert counted.reads == {job_id: 1}
