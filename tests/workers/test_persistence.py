"""Persistence: commands get through once Redis is back or has room, and give up in the end."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import OutOfMemoryError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from agents import JobContext
from shared_events.errors import LogUnavailable
from shared_events.events import JobStatus, ModelChunk
from shared_events.ids import JobId, new_job_id
from shared_events.keys import Keys
from shared_events.log import JobLog
from shared_events.redis_client import connect
from tests.redis_server import RedisServer
from tests.waiting import eventually, eventually_awaited
from tests.workers.attempting import Words, attempt, events, has_text, queued
from workers import persistence as module
from workers import writer
from workers.errors import StorageFull
from workers.outcome import Ended
from workers.persistence import persist

FULL = (
    OutOfMemoryError("command not allowed when used memory > 'maxmemory'."),
    ResponseError("OOM command not allowed when used memory > 'maxmemory'. script: 1"),
    ResponseError("MISCONF Redis is configured to save RDB snapshots, but it is unable to persist to disk."),
    ResponseError("user_script:1: MISCONF Errors writing to the AOF file"),
)
AWAY = (RedisConnectionError("gone"), RedisTimeoutError("slow"), OSError("no route"), TimeoutError())


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STORAGE_LIMIT_S", 0.05)
    monkeypatch.setattr(module, "OUTAGE_LIMIT_S", 0.25)
    monkeypatch.setattr(module, "_FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(module, "_LONGEST_PAUSE_S", 0.02)


class Fails:
    """A command that meets each of `errors` in turn, the last of them for ever if there is no `reply`."""

    def __init__(self, *errors: Exception, reply: str | None = None) -> None:
        self.errors, self.reply, self.calls = list(errors), reply, 0

    async def __call__(self) -> str:
        self.calls += 1
        if self.reply is not None and self.calls > len(self.errors):
            return self.reply
        raise self.errors[min(self.calls, len(self.errors)) - 1]


async def tried(command: Fails, *, waits_for_room: bool = False) -> str:
    return await persist(new_job_id(), command.__call__, waits_for_room=waits_for_room)


@pytest.mark.parametrize("error", [*AWAY, *FULL])
async def test_a_command_is_repeated_until_it_gets_through(error: Exception) -> None:
    command = Fails(error, error, reply="done")
    assert (await tried(command), command.calls) == ("done", 3)


@pytest.mark.parametrize("error", AWAY)
async def test_an_outage_ends_the_attempts_to_get_through(error: Exception) -> None:
    with pytest.raises(LogUnavailable, match="did not answer"):
        await tried(Fails(error))


@pytest.mark.parametrize("error", FULL)
async def test_a_redis_without_room_fails_the_job_sooner(error: Exception) -> None:
    with pytest.raises(StorageFull, match="no room"):
        await tried(Fails(error))


async def test_who_waits_for_room_waits_as_long_as_for_an_outage() -> None:
    with pytest.raises(LogUnavailable):
        await tried(Fails(FULL[0]), waits_for_room=True)


async def test_an_outage_in_between_begins_the_wait_for_room_anew() -> None:
    command = Fails(*[FULL[0], AWAY[0]] * 100)
    with pytest.raises(LogUnavailable):
        await tried(command)


@pytest.mark.parametrize("error", [KeyError("x"), asyncio.CancelledError()])
async def test_what_is_not_of_redis_passes(error: BaseException) -> None:
    async def command() -> None:
        raise error

    with pytest.raises(type(error)):
        await persist(new_job_id(), command, waits_for_room=False)


class Full:
    """A Redis of one's own, with and without room."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self.redis, self.log = redis, JobLog(redis, keys)

    async def fill(self) -> None:
        await self.redis.config_set("maxmemory", "1")

    async def empty(self) -> None:
        await self.redis.config_set("maxmemory", "0")

    async def check(self, job_id: JobId, acknowledged: str, said: str) -> None:
        """The job failed for lack of room; what was in the log stayed, without a gap and with one end."""
        view, log = await self.log.view(job_id), await events(self.log, job_id)
        assert view.error is not None
        assert (view.status, view.error.code, view.error.retryable) == (JobStatus.FAILED, "storage", True)
        assert view.text.startswith(acknowledged)
        assert said.startswith(view.text)
        assert [event.sequence for event in log] == list(range(1, len(log) + 1))
        assert [event for event in log if event.status_after] == log[-1:]
        assert "".join(e.chunk for e in log if isinstance(e, ModelChunk)) == view.text


@pytest.fixture
async def full(own_redis: RedisServer, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(module, "OUTAGE_LIMIT_S", 20.0)
    redis = connect(own_redis.url)
    yield Full(redis, keys)
    await redis.aclose()


class Talker:
    """Says a number, and `most` of them, if ever, once it may `go` on; `said` is what it got rid of."""

    def __init__(self, most: float = float("inf")) -> None:
        self.said, self.most, self.count = "", most, 0
        self.go = asyncio.Event()

    async def __call__(self, job: JobContext[Words]) -> None:
        while self.count < self.most:
            await job.on_chunk(f"{self.count} ")
            self.said += f"{self.count} "
            self.count += 1
            await self.go.wait()
            await asyncio.sleep(0)


async def filled(
    full: Full, talker: Talker, then: Callable[[], bool]
) -> tuple[JobId, str, asyncio.Task[Any]]:
    """An attempt whose Redis has no more room, what was in its log then, and the task that runs it."""
    job_id = await queued(full.log)
    running = asyncio.create_task(attempt(full.log, job_id, talker.__call__).run())
    await eventually_awaited(lambda: has_text(full.log, job_id))
    await full.fill()
    acknowledged = (await full.log.view(job_id)).text
    talker.go.set()
    await eventually(then)
    return job_id, acknowledged, running


async def test_an_agent_slows_down_while_redis_has_no_room_and_then_its_job_fails(
    full: Full, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STORAGE_LIMIT_S", 0.5)
    monkeypatch.setattr(writer, "UNSENT_LIMIT_BYTES", 5_000)
    talker = Talker()
    job_id, acknowledged, running = await filled(full, talker, lambda: True)
    seen = -1

    def stands() -> bool:
        nonlocal seen
        before, seen = seen, talker.count
        return before == seen

    await eventually(stands)
    assert not running.done(), "it waits"
    await eventually(lambda: "agent" not in " ".join(task.get_name() for task in asyncio.all_tasks()))
    assert not running.done(), "its end waits for room"
    await full.empty()
    assert await running == Ended(JobStatus.FAILED)
    await full.check(job_id, acknowledged, talker.said + f"{talker.count} ")


async def test_a_job_whose_end_found_no_room_fails(full: Full) -> None:
    """The end had been said: a second one was refused, and the job stayed without any until it was swept."""
    talker = Talker(most=50)
    job_id, acknowledged, running = await filled(full, talker, lambda: talker.count == 50)
    await eventually(lambda: "writer" not in " ".join(task.get_name() for task in asyncio.all_tasks()))
    await full.empty()
    assert await running == Ended(JobStatus.FAILED)
    await full.check(job_id, acknowledged, talker.said)


async def test_a_job_goes_on_when_there_is_room_again_in_time(
    full: Full, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STORAGE_LIMIT_S", 20.0)
    talker = Talker(most=300)
    job_id, _, running = await filled(full, talker, lambda: talker.count == 300)
    await full.empty()
    assert await running == Ended(JobStatus.COMPLETED)
    assert (await full.log.view(job_id)).text == talker.said
