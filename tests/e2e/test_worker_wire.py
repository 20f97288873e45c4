"""The wire between a worker and the Redis of its events: replies are lost, and nothing is said twice."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence

import pytest

from shared_events.events import JobStatus
from shared_events.ids import JobId
from shared_events.keys import Keys
from shared_events.log import JobLog
from shared_events.redis_client import connect
from shared_events.scripts import digest, script
from tests.e2e.aftermath import Rest, assert_back_at, assert_whole
from tests.e2e.conftest import busy_stack, counted
from tests.e2e.crowd import Crowd, crowd, rest_after_work
from tests.stack import Process, Stack
from tests.tcp_proxy import TcpProxy, tcp_proxy
from tests.waiting import eventually, eventually_awaited


@pytest.fixture(scope="module")
def running() -> Iterator[Stack]:
    with busy_stack() as one:
        one.worker.kill()
        yield one


@pytest.fixture(scope="module")
def proxy(running: Stack) -> Iterator[TcpProxy]:
    with tcp_proxy(running.redis.socket) as one:
        yield one


@pytest.fixture(scope="module")
def worker(running: Stack, proxy: TcpProxy) -> Iterator[Process]:
    """The only one; afterwards the installation has its own again, which needs no proxy."""
    one = running.another_worker(EVENT_REDIS_URL=f"redis://127.0.0.1:{proxy.port}/0")
    yield one
    one.stop()
    running.worker.start()


@pytest.fixture(scope="module")
def base(running: Stack, worker: Process) -> Rest:
    return rest_after_work(running, worker)


@pytest.fixture
async def all_(running: Stack, worker: Process, base: Rest) -> AsyncIterator[Crowd]:
    """Afterwards each job has ended well in its first attempt, and the worker is as before."""
    async with crowd(running) as followers:
        yield followers
        views = await followers.ends()
        assert {(view.status, view.attempt) for view in views} == {(JobStatus.COMPLETED, 1)}
        assert {view.text for view in views} == {counted(60)}
        await assert_whole(running, views)
    await asyncio.to_thread(assert_back_at, base, worker)


async def leases_ran_out(running: Stack, job_ids: Sequence[str]) -> bool:
    redis = connect(running.redis.url)
    try:
        looks = await JobLog(redis, Keys()).looks([JobId(job_id) for job_id in job_ids])
        return all(look is not None and look.expired for look in looks)
    finally:
        await redis.aclose()


async def lose_reply(proxy: TcpProxy, name: str) -> None:
    before = proxy.lost
    proxy.lose_reply_to(digest(script(name)).encode())
    await eventually(lambda: proxy.lost > before)


async def test_text_whose_acknowledgement_is_lost_again_and_again_is_not_said_twice(
    all_: Crowd, proxy: TcpProxy
) -> None:
    job_id = await all_.count(60, 30)
    for words in range(5, 50, 5):
        await all_.until(job_id, words=words)
        await lose_reply(proxy, "append")


async def test_the_acknowledgement_of_the_end_is_lost(all_: Crowd, proxy: TcpProxy) -> None:
    job_id = await all_.count(60, 60)
    await all_.until(job_id, words=30)
    # "job:completed" stands in the batch with the terminal event only.
    proxy.lose_reply_to(b"job:completed")
    await eventually(lambda: all_.views[job_id].ended)
    assert proxy.lost


async def test_the_answer_to_a_claim_is_lost(all_: Crowd, proxy: TcpProxy) -> None:
    proxy.lose_reply_to(digest(script("claim")).encode())
    before = proxy.lost
    await all_.count(60, 60)
    await eventually(lambda: proxy.lost > before)


async def test_connections_are_cut_again_and_again(all_: Crowd, proxy: TcpProxy) -> None:
    job_ids = [await all_.count(60, 20) for _ in range(5)]
    for words in range(5, 50, 9):
        await all_.until(job_ids[0], words=words)
        proxy.cut()


async def test_redis_cannot_be_reached_for_longer_than_a_lease(
    all_: Crowd, proxy: TcpProxy, running: Stack
) -> None:
    """Nobody else takes the jobs for lost: their worker is the only one, and it cannot sweep either."""
    job_ids = [await all_.count(60, 10) for _ in range(5)]
    for job_id in job_ids:
        await all_.until(job_id, words=3)
    proxy.refuse()
    proxy.cut()
    await eventually_awaited(lambda: leases_ran_out(running, job_ids), timeout_s=20)
    proxy.accept()


async def test_replies_that_vanish_are_waited_for_and_asked_for_again(all_: Crowd, proxy: TcpProxy) -> None:
    job_id = await all_.count(60, 10)
    await all_.until(job_id, words=5)
    accepted = proxy.accepted
    proxy.drop_replies()
    try:
        await eventually(lambda: proxy.accepted > accepted, 20)
    finally:
        proxy.drop_replies(False)


async def test_a_slow_wire_is_no_dead_worker(all_: Crowd, proxy: TcpProxy) -> None:
    proxy.delay(0.3)
    try:
        job_ids = await asyncio.gather(*(all_.count(60, 30) for _ in range(5)))
        await all_.ends(job_ids)
    finally:
        proxy.delay(0)
