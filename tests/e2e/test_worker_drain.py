"""Workers that are asked to go: they finish what they can, and hand back the rest with what it has said."""

import asyncio
import signal
from collections.abc import Iterator

import pytest

from shared_events.events import JobSnapshot, JobStatus, JobStatusChanged, ModelRewind
from tests.e2e.aftermath import assert_whole
from tests.e2e.conftest import busy_stack, counted
from tests.e2e.crowd import Crowd, crowd
from tests.stack import Process, Stack
from tests.waiting import eventually


@pytest.fixture
def running() -> Iterator[Stack]:
    with busy_stack() as one:
        yield one


async def gone(worker: Process, timeout_s: float = 30.0) -> int:
    """Its exit code."""
    await eventually(lambda: worker.exit_code is not None, timeout_s)
    assert worker.exit_code is not None
    return worker.exit_code


async def test_with_time_to_drain_a_stopped_worker_finishes_its_jobs_and_takes_no_more(
    running: Stack,
) -> None:
    async with crowd(running) as all_:
        first = await all_.count(60, 20)
        await all_.until(first, words=5)
        running.worker.send(signal.SIGTERM)
        await eventually(lambda: "drain" in running.worker.log.read_text())
        late = await all_.count(5, 100)
        (view,) = await all_.ends([first])
        assert await gone(running.worker) == 0
        assert (view.status, view.text, view.attempt) == (JobStatus.COMPLETED, counted(60), 1)
        assert all_.views[late].status is JobStatus.QUEUED
        running.worker.start()
        views = await all_.ends()
    await assert_whole(running, views)


def ended_at(all_: Crowd, job_id: str) -> int:
    last = all_.shown[job_id][-1]
    assert not isinstance(last, JobSnapshot)
    return last.timestamp


async def handed_back(all_: Crowd, running: Stack, job_id: str, last: int) -> None:
    """The job rests in the queue with its partial text, then a new worker brings it to its end."""
    view = await all_.until(job_id, words=5)
    running.worker.send(signal.SIGTERM)
    assert await gone(running.worker) == 0
    await all_.wait(lambda: view.status is JobStatus.RETRYING, "handed back")
    assert len(view.text.split()) >= 5
    assert view.text != counted(last)
    running.worker.start()


async def test_without_time_to_drain_a_job_is_handed_back_and_said_again_without_a_rewind() -> None:
    with busy_stack(DRAIN_SECONDS="0") as running:
        async with crowd(running) as all_:
            job_id = await all_.haste(100, 20)
            await handed_back(all_, running, job_id, 100)
            views = await all_.ends()
        events = all_.shown[job_id]
        await assert_whole(running, views)
    assert (views[0].status, views[0].text, views[0].attempt) == (JobStatus.COMPLETED, counted(100), 2)
    assert not any(isinstance(event, ModelRewind) for event in events)
    said = [event.status for event in events if isinstance(event, JobStatusChanged)]
    assert said[-3:] == [JobStatus.RUNNING, JobStatus.RETRYING, JobStatus.RUNNING]


async def test_an_agent_that_continues_goes_on_behind_what_it_had_said() -> None:
    with busy_stack(DRAIN_SECONDS="0") as running:
        async with crowd(running) as all_:
            given = {"last": 60, "per_s": 20}
            job_id = await all_.submit("onward", input=given, expected=counted(60))
            await handed_back(all_, running, job_id, 60)
            (view,) = await all_.ends()
        await assert_whole(running, [view])
    assert (view.status, view.text) == (JobStatus.COMPLETED, counted(60))
    assert view.result["began_at"] >= 5


async def test_a_job_that_was_handed_back_comes_before_those_that_wait() -> None:
    with busy_stack(DRAIN_SECONDS="0", WORKER_CONCURRENCY="1") as running:
        async with crowd(running) as all_:
            first = await all_.haste(60, 20)
            waiting = [await all_.count(5, 100) for _ in range(3)]
            await handed_back(all_, running, first, 60)
            views = await all_.ends()
        ends = {job_id: ended_at(all_, job_id) for job_id in (first, *waiting)}
        await assert_whole(running, views)
    assert min(ends, key=ends.__getitem__) == first


async def test_a_rolling_restart_under_load_loses_nothing(running: Stack) -> None:
    second = running.another_worker(DRAIN_SECONDS="1")
    async with crowd(running) as all_:
        load = asyncio.gather(*(all_.haste(80, 10) for _ in range(50)))
        await load
        for worker in (second, running.worker):
            worker.send(signal.SIGTERM)
            running.another_worker()
        views = await all_.ends()
        assert [await gone(worker) for worker in (second, running.worker)] == [0, 0]
    assert {(view.status, view.text) for view in views} == {(JobStatus.COMPLETED, counted(80))}
    await assert_whole(running, views)


async def test_a_signal_while_it_drains_makes_a_worker_hand_back_at_once(running: Stack) -> None:
    async with crowd(running) as all_:
        job_id = await all_.haste(600, 20)
        view = await all_.until(job_id, words=5)
        running.worker.send(signal.SIGTERM)
        # A second signal right after the first is taken for the same one.
        await all_.until(job_id, words=len(view.text.split()) + 30)
        running.worker.send(signal.SIGTERM)
        assert await gone(running.worker, 10) == 0
        await all_.wait(lambda: view.status is JobStatus.RETRYING, "handed back")
        running.worker.start()
        views = await all_.ends()
    await assert_whole(running, views)
