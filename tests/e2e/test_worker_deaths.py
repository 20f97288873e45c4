"""Workers that die or fall asleep: every job goes on elsewhere, to its one end."""

import asyncio
import signal
from collections.abc import Iterator

import psutil
import pytest
import redis as sync_redis
from rq import Queue
from rq.command import send_stop_job_command
from rq.serializers import JSONSerializer

from shared_events.events import JobStatus, JobStatusChanged
from shared_events.fold import JobView
from shared_events.keys import Keys
from tests.e2e.aftermath import assert_whole
from tests.e2e.conftest import busy_stack, counted
from tests.e2e.crowd import crowd
from tests.e2e.scripted_llm import ScriptedLLM, scripted_llm
from tests.stack import Stack
from tests.waiting import eventually


@pytest.fixture(scope="module")
def llm() -> Iterator[ScriptedLLM]:
    with scripted_llm() as server:
        yield server


@pytest.fixture(scope="module")
def running(llm: ScriptedLLM) -> Iterator[Stack]:
    with busy_stack(OPENAI_BASE_URL=llm.base_url) as one:
        yield one


def ended_as(views: list[JobView]) -> set[tuple[JobStatus, str]]:
    return {(view.status, view.text) for view in views}


async def test_two_hundred_jobs_of_a_killed_worker_are_tried_again_to_their_end(running: Stack) -> None:
    async with crowd(running) as all_:
        job_ids = await asyncio.gather(*(all_.haste(100, 4) for _ in range(200)))
        for job_id in job_ids:
            await all_.until(job_id, words=3)
        running.worker.kill()
        running.worker.start()
        views = await all_.ends(timeout_s=90)
    assert ended_as(views) == {(JobStatus.COMPLETED, counted(100))}
    assert {view.attempt for view in views} == {2}
    await assert_whole(running, views)


async def test_a_job_popped_by_a_worker_that_died_before_it_began_runs(running: Stack) -> None:
    """The entry lies in RQ's intermediate list, as `LMOVE` leaves it."""
    running.worker.kill()
    with sync_redis.Redis.from_url(running.redis.url, protocol=2) as connection:
        queue = Queue(Keys().queue("normal"), connection=connection)
        async with crowd(running) as all_:
            job_id = await all_.count(5, 100)
            assert connection.lmove(queue.key, queue.intermediate_queue_key) == job_id.encode()
            running.worker.start()
            views = await all_.ends(timeout_s=30)
    assert ended_as(views) == {(JobStatus.COMPLETED, counted(5))}
    await assert_whole(running, views)


async def test_a_frozen_process_of_a_job_is_given_up_and_the_job_goes_on(running: Stack) -> None:
    """The only worker had the next attempt wait for the process, which nobody ended."""
    async with crowd(running) as all_:
        job_id = await all_.submit("apart", model="count-40@10", backend="scripted", expected=counted(40))
        await all_.until(job_id, words=3)
        (process,) = psutil.Process(running.worker.pid).children()
        process.suspend()
        views = await all_.ends(timeout_s=40)
    assert ended_as(views) == {(JobStatus.COMPLETED, counted(40))}
    assert not process.is_running()
    await assert_whole(running, views)


async def test_a_process_that_has_not_begun_yet_takes_an_order_all_the_same(running: Stack) -> None:
    """The signal killed it: the job counted as lost, and was tried again after its stop."""
    worker = psutil.Process(running.worker.pid)
    with sync_redis.Redis.from_url(running.redis.url, protocol=2) as connection:
        async with crowd(running) as all_:
            job_id = await all_.submit("apart", model="count-200@10", backend="scripted")
            await eventually(worker.children)
            send_stop_job_command(connection, job_id, JSONSerializer)
            (view,) = await all_.ends()
    assert (view.status, view.reason) == (JobStatus.CANCELLED, "Stopped by an operator.")
    assert JobStatus.STALLED not in [e.status for e in all_.shown[job_id] if isinstance(e, JobStatusChanged)]


async def test_a_worker_that_slept_past_its_lease_publishes_nothing_after_the_takeover(
    running: Stack, llm: ScriptedLLM
) -> None:
    """One job's LLM is silent when it wakes, the other's has said much that it had not read."""
    prompts = ["hang-5-40@10 sleeper", "count-40@2 sleeper"]
    fenced_before = running.worker.log.read_text().count("job_taken_over")
    async with crowd(running) as all_:
        job_ids = [await all_.submit(input={"prompt": one}, expected=counted(40)) for one in prompts]
        before = [(await all_.until(job_id, words=5)).epoch for job_id in job_ids]
        running.worker.send(signal.SIGSTOP)
        running.another_worker()
        views = [all_.views[job_id] for job_id in job_ids]
        await all_.wait(
            lambda: all(v.attempt == 2 and v.status is JobStatus.RUNNING for v in views), "takeover"
        )
        await eventually(lambda: [llm.open[one] for one in prompts] == [2, 2], 20)
        running.worker.send(signal.SIGCONT)
        await eventually(lambda: max(llm.open[one] for one in prompts) <= 1, 10)
        await all_.ends()
    assert ended_as(views) == {(JobStatus.COMPLETED, counted(40))}
    assert [llm.asked[one] for one in prompts] == [2, 2]
    for job_id, sleepers_epoch in zip(job_ids, before, strict=True):
        epochs = [e.epoch for e in all_.shown[job_id] if isinstance(e, JobStatusChanged)]
        assert sleepers_epoch not in epochs[epochs.index(sleepers_epoch) + 1 :]
    assert running.worker.log.read_text().count("job_taken_over") == fenced_before + 2
    await assert_whole(running, views)
