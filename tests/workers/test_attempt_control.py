"""An attempt that is paused, resumed and left alone by those who watched it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from redis.asyncio import Redis

from agents import JobContext
from shared_events.events import JobStatus, JobStatusChanged
from shared_events.ids import JobId
from shared_events.keys import Keys
from shared_events.log import JobLog
from shared_events.redis_client import connect_blocking
from shared_events.scripts import Terms
from tests.redis_server import RedisServer
from tests.waiting import eventually_awaited
from tests.workers.attempting import Words, attempt, events, has_text, policy, queued, speak
from workers import leases as leases_module
from workers import pausing
from workers.leases import Leases
from workers.outcome import Ended


@pytest.fixture
async def leases(
    shared_redis: RedisServer, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Leases]:
    """Real ones, that tell of listeners."""
    monkeypatch.setattr(leases_module, "RENEW_EVERY_S", 0.02)
    one = Leases(connect_blocking(shared_redis.url), keys, Terms())
    one.start()
    yield one
    one.stop()


def ask(log: JobLog, job_id: JobId, request: str, **more: str) -> Any:
    control = msgspec.json.encode({"request": request, **more})
    return log.request(job_id, control, cancels=request == "cancel")


async def is_now(log: JobLog, job_id: JobId, status: JobStatus) -> bool:
    return (await log.view(job_id)).status is status


async def until(log: JobLog, job_id: JobId, status: JobStatus) -> None:
    await eventually_awaited(lambda: is_now(log, job_id, status))


async def statuses(log: JobLog, job_id: JobId) -> list[tuple[JobStatus, str | None]]:
    """What the attempt said of itself."""
    said = [event for event in await events(log, job_id) if isinstance(event, JobStatusChanged)]
    return [(event.status, event.reason) for event in said[1:]]


class Talker:
    """An agent that talks until it is told to end."""

    def __init__(self) -> None:
        self.ends = False
        self.said = 0

    async def __call__(self, job: JobContext[Words]) -> None:
        while not self.ends:
            await job.on_chunk("x")
            self.said += 1
            await asyncio.sleep(0.001)


async def test_a_paused_job_says_nothing_until_it_is_resumed(log: JobLog) -> None:
    job_id, talker = await queued(log), Talker()
    running = asyncio.create_task(attempt(log, job_id, talker.__call__).run())
    await eventually_awaited(lambda: has_text(log, job_id))
    await ask(log, job_id, "pause", reason="lunch")
    await until(log, job_id, JobStatus.PAUSED)
    await ask(log, job_id, "resume")
    await until(log, job_id, JobStatus.RUNNING)
    talker.ends = True
    assert await running == Ended(JobStatus.COMPLETED)
    expected = [(JobStatus.RUNNING, None), (JobStatus.PAUSED, "lunch"), (JobStatus.RUNNING, None)]
    assert await statuses(log, job_id) == expected
    said = await events(log, job_id)
    paused = said.index(next(e for e in said if isinstance(e, JobStatusChanged) and e.reason == "lunch"))
    assert isinstance(said[paused + 1], JobStatusChanged), "nothing comes between"


async def test_a_job_that_was_paused_before_its_start_begins_when_it_is_resumed(log: JobLog) -> None:
    job_id, talker = await queued(log), Talker()
    await ask(log, job_id, "pause", reason="wait")
    running = asyncio.create_task(attempt(log, job_id, talker.__call__).run())
    await until(log, job_id, JobStatus.PAUSED)
    assert await statuses(log, job_id) == [(JobStatus.PAUSED, "wait")]
    assert talker.said == 0
    talker.ends = True
    await ask(log, job_id, "resume")
    assert await running == Ended(JobStatus.COMPLETED)


async def test_a_job_that_was_paused_and_resumed_before_its_start_just_runs(log: JobLog) -> None:
    job_id = await queued(log)
    await ask(log, job_id, "pause")
    await ask(log, job_id, "resume")
    assert await attempt(log, job_id, speak).run() == Ended(JobStatus.COMPLETED)
    assert await statuses(log, job_id) == [(JobStatus.RUNNING, None)]


async def test_a_paused_job_can_be_cancelled(log: JobLog) -> None:
    job_id = await queued(log)
    await ask(log, job_id, "pause")
    running = asyncio.create_task(attempt(log, job_id, speak).run())
    await until(log, job_id, JobStatus.PAUSED)
    await ask(log, job_id, "cancel", reason="enough")
    assert await running == Ended(JobStatus.CANCELLED)
    assert (await log.view(job_id)).reason == "enough"


async def test_a_pause_that_is_overdue_ends_the_job_with_its_reason(
    log: JobLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pausing, "PAUSE_LIMIT_S", 0.05)
    job_id = await queued(log)
    await ask(log, job_id, "pause")
    assert await attempt(log, job_id, speak).run() == Ended(JobStatus.CANCELLED)
    view = await log.view(job_id)
    assert (view.text, view.reason) == ("", "The job was paused for longer than 600 s.")


async def test_a_job_that_nobody_watches_pauses_until_somebody_does(
    log: JobLog, redis: Redis, keys: Keys, leases: Leases
) -> None:
    how = policy(on_unwatched="pause", unwatched_grace_s=0.05)
    job_id, talker = await queued(log), Talker()
    running = asyncio.create_task(attempt(log, job_id, talker.__call__, how, leases=leases).run())
    await until(log, job_id, JobStatus.PAUSED)
    assert (await log.view(job_id)).reason == "Nobody was watching."
    talker.ends = True
    async with redis.pubsub() as pubsub:
        await pubsub.subscribe(keys.channel(job_id))
        await pubsub.get_message(timeout=30)
        assert await running == Ended(JobStatus.COMPLETED)


async def test_a_job_that_nobody_watches_is_cancelled_if_its_agent_says_so(
    log: JobLog, leases: Leases
) -> None:
    async def silent(_job: JobContext[Words]) -> None:
        await asyncio.Event().wait()

    how = policy(on_unwatched="cancel", unwatched_grace_s=0.05)
    job_id = await queued(log)
    assert await attempt(log, job_id, silent, how, leases=leases).run() == Ended(JobStatus.CANCELLED)
    assert (await log.view(job_id)).reason == "Nobody was watching."


async def test_a_request_reaches_a_silent_job_through_its_lease(log: JobLog, leases: Leases) -> None:
    async def silent(_job: JobContext[Words]) -> None:
        await asyncio.Event().wait()

    job_id = await queued(log)
    running = asyncio.create_task(attempt(log, job_id, silent, leases=leases).run())
    await until(log, job_id, JobStatus.RUNNING)
    await ask(log, job_id, "cancel")
    assert await running == Ended(JobStatus.CANCELLED)
