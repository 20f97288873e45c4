"""How the asyncio worker ends: it lets its jobs finish or gives them back, and leaves nothing behind."""

import asyncio
import gc
import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest
from rq import Callback
from rq.job import JobStatus

from tests.waiting import eventually
from tests.workers.rq_jobs import calls, gate
from tests.workers.rq_site import JOBS, Obstinate, Site, serving
from workers.rq_async import GiveBack, Release


class Ended:
    """Raises or returns what the test says, at once."""

    def __init__(self, answer: BaseException) -> None:
        self._answer = answer

    async def run(self) -> object:
        raise self._answer

    def stop(self) -> None: ...

    def give_back(self) -> None: ...


async def test_a_drain_lets_running_jobs_finish_and_takes_no_others(site: Site) -> None:
    first = site.enqueue("wait_for", site.name)
    worker = site.worker()
    async with serving(worker) as task:
        await eventually(lambda: site.name in calls)
        worker.request_drain("the test says so")
        second = site.enqueue("add", 1, 1)
        gate(site.name).set()
        await task
    assert (first.get_status(), second.get_status()) == (JobStatus.FINISHED, JobStatus.QUEUED)
    assert site.leftovers() == set()


async def test_jobs_that_outlast_the_drain_go_to_the_front_of_their_queue(site: Site) -> None:
    jobs = [site.enqueue(function, site.name) for function in ("wait_for", "wait_in_thread_for")]
    worker = site.worker(drain_s=0.1)
    async with serving(worker) as task:
        await eventually(lambda: calls.count(site.name) == 2)
        worker.request_drain("the test says so")
        await task
    gate(site.name).set()
    assert {job.get_status() for job in jobs} == {JobStatus.QUEUED}
    assert set(site.queue().job_ids) == {job.id for job in jobs}
    assert site.leftovers() == set()


async def test_a_job_given_back_is_the_first_to_be_run_again(site: Site) -> None:
    first = site.enqueue("add", 1, 1)
    second = site.enqueue("add", 2, 2)
    await site.worker(begin=lambda _job: Ended(GiveBack())).serve(max_jobs=1)
    assert site.queue().job_ids == [first.id, second.id]
    await site.burst()
    assert (first.get_status(), second.get_status()) == (JobStatus.FINISHED, JobStatus.FINISHED)


async def test_a_job_given_back_in_a_drain_may_still_end_itself(site: Site) -> None:
    job = site.enqueue("add", 1, 1)
    worker = site.worker(begin=lambda _job: Obstinate(GiveBack(), "finished after all"), drain_s=0.1)
    async with serving(worker) as task:
        await eventually(lambda: job.get_status() == JobStatus.STARTED)
        worker.request_drain("the test says so")
        await task
    assert job.return_value() == "finished after all"


async def test_a_released_job_keeps_its_status_and_its_place(site: Site) -> None:
    job = site.enqueue("add", 1, 1)
    await site.worker(begin=lambda _job: Ended(Release())).serve(max_jobs=1)
    assert job.get_status() == JobStatus.STARTED  # whoever has it now says what becomes of it
    assert (site.queue().job_ids, site.leftovers()) == ([], set())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_second_signal_gives_the_jobs_back_at_once(site: Site, number: signal.Signals) -> None:
    before = signal.getsignal(number)
    job, worker = site.enqueue("wait_for", site.name), site.worker(drain_s=600)
    async with serving(worker) as task:
        await eventually(lambda: site.name in calls)

        def signalled() -> bool:
            if not task.done():
                os.kill(os.getpid(), number)
            return task.done()

        await eventually(signalled)
    assert job.get_status() == JobStatus.QUEUED
    assert signal.getsignal(number) is before


async def test_a_cancelled_service_gives_its_jobs_back(site: Site) -> None:
    job = site.enqueue("wait_for", site.name)
    task = asyncio.create_task(site.worker().serve())
    await eventually(lambda: site.name in calls)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (job.get_status(), site.leftovers()) == (JobStatus.QUEUED, set())


async def test_nothing_is_left_behind(site: Site) -> None:
    def left() -> tuple[set[Any], set[str], int]:
        gc.collect()  # else what earlier tests dropped may close its files in between
        open_files = list(Path("/proc/self/fd").iterdir())
        return asyncio.all_tasks(), {one.name for one in threading.enumerate()}, len(open_files)

    await site.burst()  # whatever is opened once
    site.connection.connection_pool.disconnect()
    tasks, threads, open_files = left()
    for n in range(20):
        site.enqueue("add", 1, n)
        site.enqueue("fail", "no luck", on_failure=Callback(f"{JOBS}.on_failure"))
    await site.burst("default", "low")
    site.connection.connection_pool.disconnect()
    # Less there may be: earlier tests' garbage begins tasks of its own as it is collected.
    tasks_left, threads_left, files_left = left()
    assert tasks_left <= tasks and threads_left <= threads and files_left <= open_files
