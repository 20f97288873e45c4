"""Whatever happens to Redis, the call to the LLM goes on, is made once, and its answer arrives whole."""

import asyncio
import secrets
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest
import redis as sync_redis

from shared_events.events import JobStatus
from tests.e2e.aftermath import Rest, assert_back_at, assert_whole
from tests.e2e.conftest import busy_stack, counted
from tests.e2e.crowd import Crowd, crowd, rest_after_work
from tests.e2e.scripted_llm import ScriptedLLM, scripted_llm
from tests.redis_faults import cut_tail, drop_connections, fail_over, replicate
from tests.stack import Process, Stack
from tests.waiting import eventually

PER_S = 20


class Streams:
    """Some jobs that stream from the LLM at `PER_S`, to hold a fault against."""

    def __init__(self, running: Stack, llm: ScriptedLLM, all_: Crowd) -> None:
        self.running = running
        self.all_ = all_
        self._llm = llm
        self._last = 0
        self._prompts: dict[str, str] = {}

    async def start(self, jobs: int, *, seconds: int) -> None:
        """`submit`, then `begin`."""
        await self.submit(jobs, seconds=seconds)
        await self.begin()

    async def submit(self, jobs: int, *, seconds: int) -> None:
        self._last = seconds * PER_S
        for _ in range(jobs):
            prompt = f"count-{self._last}@{PER_S} {secrets.token_hex(4)}"
            job_id = await self.all_.submit(input={"prompt": prompt}, expected=counted(self._last))
            self._prompts[job_id] = prompt

    async def begin(self) -> None:
        """Returns once each has said something."""
        for job_id in self._prompts:
            await self.all_.until(job_id, words=3)

    async def go_on_for(self, seconds: float) -> None:
        """Until the LLM has sent so much more, whether or not Redis takes it."""
        enough = min(self._sent()) + seconds * PER_S
        await eventually(lambda: min(self._sent()) >= enough, seconds + 20)

    async def end_well(self) -> None:
        """Each in its first attempt, paid for once."""
        views = await self.all_.ends(timeout_s=90)
        assert {(v.status, v.text, v.attempt) for v in views} == {
            (JobStatus.COMPLETED, counted(self._last), 1)
        }
        assert {self._llm.asked[prompt] for prompt in self._prompts.values()} == {1}
        await assert_whole(self.running, views)

    def _sent(self) -> list[int]:
        return [self._llm.sent[prompt] for prompt in self._prompts.values()]


@pytest.fixture(scope="module")
def llm() -> Iterator[ScriptedLLM]:
    with scripted_llm() as server:
        yield server


@pytest.fixture(scope="module")
def running(llm: ScriptedLLM) -> Iterator[Stack]:
    with busy_stack(OPENAI_BASE_URL=llm.base_url) as one:
        yield one


@pytest.fixture(scope="module")
def base(running: Stack) -> Rest:
    return rest_after_work(running)


@pytest.fixture
async def streams(running: Stack, llm: ScriptedLLM, base: Rest) -> AsyncIterator[Streams]:
    """Afterwards the worker keeps no more than before."""
    async with crowd(running) as all_:
        yield Streams(running, llm, all_)
    await asyncio.to_thread(assert_back_at, base, running.worker)


@pytest.fixture
def client(running: Stack) -> Iterator[sync_redis.Redis]:
    with sync_redis.Redis.from_url(running.redis.url, protocol=2) as one:
        yield one


async def test_jobs_outlive_a_redis_that_is_gone_for_five_seconds(streams: Streams) -> None:
    await streams.start(5, seconds=7)
    streams.running.redis.kill()
    await streams.go_on_for(5)
    streams.running.redis.start()
    await streams.end_well()


async def test_jobs_outlive_a_redis_that_is_frozen_for_ten_seconds(streams: Streams) -> None:
    await streams.start(5, seconds=12)
    streams.running.redis.freeze()
    await streams.go_on_for(10)
    streams.running.redis.thaw()
    await streams.end_well()


async def test_a_log_that_lost_its_tail_is_given_it_again(streams: Streams) -> None:
    await streams.start(5, seconds=3)
    redis = streams.running.redis
    redis.kill()
    cut_tail(redis.directory, 4000)
    redis.start()
    await streams.end_well()


async def test_a_replica_that_lagged_behind_is_told_what_it_missed(streams: Streams) -> None:
    await streams.start(5, seconds=3)
    replica = replicate(streams.running.redis.url)
    await streams.go_on_for(1)
    fail_over(streams.running.redis.url, replica)
    await streams.end_well()


async def test_a_replica_that_never_heard_of_the_jobs_is_told_all_of_them(streams: Streams) -> None:
    replica = replicate(streams.running.redis.url)
    await streams.start(5, seconds=3)
    fail_over(streams.running.redis.url, replica)
    await streams.end_well()


async def test_a_replica_that_has_the_jobs_waiting_does_not_make_them_run_twice(
    streams: Streams, other: Process
) -> None:
    """Their entries are in the queue again, for two workers, while their attempts are under way in one."""
    worker = streams.running.worker
    for one in (worker, other):
        one.send(signal.SIGSTOP)
    await streams.submit(12, seconds=4)
    replica = replicate(streams.running.redis.url)
    worker.send(signal.SIGCONT)
    await streams.begin()
    other.send(signal.SIGCONT)
    fail_over(streams.running.redis.url, replica)
    await streams.end_well()


@pytest.fixture
def other(running: Stack) -> Iterator[Process]:
    """A second worker, which has run jobs."""
    worker = running.another_worker()
    rest_after_work(running)
    yield worker
    worker.stop()


async def test_jobs_do_not_notice_lost_scripts_lost_connections_and_a_pause(
    streams: Streams, client: sync_redis.Redis
) -> None:
    await streams.start(5, seconds=6)
    for _ in range(3):
        client.script_flush()
        await streams.go_on_for(0.3)
        drop_connections(client)
        await streams.go_on_for(0.3)
    client.client_pause(3000)
    await streams.end_well()


async def test_jobs_wait_for_a_redis_without_memory(streams: Streams, client: sync_redis.Redis) -> None:
    await streams.start(5, seconds=7)
    with out_of_memory(client):
        await streams.go_on_for(5)
    await streams.end_well()


async def test_a_job_fails_when_redis_has_no_memory_for_long(
    streams: Streams, client: sync_redis.Redis
) -> None:
    job_id = await streams.all_.count(1000, 20)
    await streams.all_.until(job_id, words=3)
    log = streams.running.worker.log
    with out_of_memory(client):
        await eventually(lambda: f"job={job_id}" in line_of(log.read_text(), "storage_full"), 60)
    (view,) = await streams.all_.ends()
    assert view.error is not None
    assert (view.status, view.error.code, view.error.retryable) == (JobStatus.FAILED, "storage", True)
    await assert_whole(streams.running, [view])


@contextmanager
def out_of_memory(client: sync_redis.Redis) -> Iterator[None]:
    client.config_set("maxmemory", 1)
    try:
        yield
    finally:
        client.config_set("maxmemory", 0)


def line_of(log: str, event: str) -> str:
    return next((line for line in log.splitlines() if event in line), "")
