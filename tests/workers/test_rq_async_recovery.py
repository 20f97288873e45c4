"""What becomes of the jobs of a worker that died, or that only seems to have; with real processes."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rq import Callback, Retry
from rq.job import JobStatus

from tests.redis_server import RedisServer
from tests.waiting import eventually, wait_until
from tests.workers.rq_jobs import calls, gate
from tests.workers.rq_site import JOBS, Site, serving, status_is
from workers.rq_async.popping import Recovery

ROOT = Path(__file__).resolve().parents[2]
SERVE = """
import asyncio, sys, redis
from workers.rq_async import AsyncioWorker
url, queue, lease_s, drain_s = sys.argv[1:]
options = {"lease_s": float(lease_s), "drain_s": float(drain_s)}
worker = AsyncioWorker([queue], connection=redis.Redis.from_url(url), **options)
asyncio.run(worker.serve())
"""


@contextmanager
def process(
    site: Site, url: str, *, lease_s: float = 1, drain_s: float = 5
) -> Iterator[subprocess.Popen[bytes]]:
    """A worker in a process of its own, killed at the end."""
    arguments = [url, site.queue().name, str(lease_s), str(drain_s)]
    worker = subprocess.Popen([sys.executable, "-c", SERVE, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        yield worker
    finally:
        worker.kill()
        worker.wait()


async def test_a_job_popped_and_never_started_is_run(site: Site) -> None:
    job, queue = site.enqueue("add", 1, 1), site.queue()
    site.connection.lmove(queue.key, queue.intermediate_queue_key)
    async with site.serving(lease_s=0.4):
        await status_is(job, JobStatus.FINISHED)
    assert site.leftovers() == set()


def test_a_recovered_job_is_put_where_it_belongs(site: Site) -> None:
    queue, recovery = site.queue(), Recovery(site.connection, 1, set)
    job, other = site.enqueue("add", 1, 1), site.enqueue("add", 1, 1)
    assert recovery.put_back(queue, job.id) == "GONE"
    site.connection.lmove(queue.key, queue.intermediate_queue_key)
    assert (recovery.put_back(queue, job.id), queue.job_ids) == ("RECOVERED", [job.id, other.id])
    site.connection.rpush(queue.intermediate_queue_key, job.id)
    assert (recovery.put_back(queue, job.id), queue.job_ids) == ("QUEUED", [job.id, other.id])
    site.connection.lmove(queue.key, queue.intermediate_queue_key)
    job.set_status(JobStatus.FINISHED)
    assert (recovery.put_back(queue, job.id), queue.job_ids) == ("DROPPED", [other.id])


async def test_entries_that_are_no_text_are_dropped_and_the_jobs_behind_them_run(site: Site) -> None:
    """Each ended a worker, and the one in the intermediate list hid every job that was lost there."""
    queue = site.queue()
    site.connection.rpush(queue.key, b"\xff\xfe", b"", "unknown")
    site.connection.rpush(queue.intermediate_queue_key, b"\xfe\xff")
    lost = site.enqueue("add", 1, 1)
    site.connection.lmove(queue.key, queue.intermediate_queue_key, "RIGHT", "LEFT")
    job = site.enqueue("add", 1, 1)
    async with site.serving(lease_s=0.4):
        await status_is(job, JobStatus.FINISHED)
        await status_is(lost, JobStatus.FINISHED)
        await eventually(lambda: site.leftovers() == set())


async def test_a_leftover_of_a_finished_job_is_not_run_again(site: Site) -> None:
    job, queue = site.enqueue("note", site.name), site.queue()
    await site.burst()
    site.connection.rpush(queue.intermediate_queue_key, job.id)
    async with site.serving(lease_s=0.4):
        await eventually(lambda: site.connection.llen(queue.intermediate_queue_key) == 0)
    assert calls.count(site.name) == 1


async def test_a_job_that_a_living_worker_has_popped_is_not_recovered_by_another(
    own_redis: RedisServer,
) -> None:
    """Its thread for Redis is held up for longer than a lease."""
    site = Site(own_redis.url)
    slow = site.worker(lease_s=0.4, may_run=lambda _job: gate(f"{site.name} may").wait(30))
    busy = [site.enqueue("add", 1, n) for n in range(4)]  # one for each thread
    async with serving(slow):
        await eventually(lambda: {job.get_status() for job in busy} == {JobStatus.STARTED})
        job, queue = site.enqueue("note", site.name), site.queue()
        await eventually(lambda: site.connection.llen(queue.intermediate_queue_key) == 1)
        async with site.serving(lease_s=0.4) as other:
            marker = queue.intermediate_queue.get_first_seen_key(job.id)
            await eventually(lambda: site.connection.exists(marker))
            for _ in range(3):  # times that the other one looked, and this one took the mark away
                await eventually(lambda: not site.connection.exists(marker))
                await eventually(lambda: site.connection.exists(marker))
            assert other.running == 0
            assert job.id in queue.intermediate_queue.get_job_ids()
        gate(f"{site.name} may").set()
        await status_is(job, JobStatus.FINISHED)
    assert calls.count(site.name) == 1


async def test_jobs_of_a_killed_worker_are_failed_or_retried_within_its_lease(
    site: Site, shared_redis: RedisServer
) -> None:
    lost = site.enqueue("sleep", 600, on_failure=Callback(f"{JOBS}.on_failure"))
    retried = site.enqueue("sleep_unless_in", os.getpid(), retry=Retry(max=1))
    with process(site, shared_redis.url) as worker:
        await status_is(lost, JobStatus.STARTED)
        await status_is(retried, JobStatus.STARTED)
        worker.kill()
    async with site.serving(lease_s=1):
        await status_is(lost, JobStatus.FAILED)
        await status_is(retried, JobStatus.FINISHED)
    assert [call[0] for call in calls if lost.id in call] == ["failure"]
    assert site.leftovers() == set()


async def test_a_blocked_event_loop_keeps_its_jobs(site: Site, shared_redis: RedisServer) -> None:
    told: dict[str, Any] = {"on_failure": Callback(f"{JOBS}.on_failure")}
    jobs = [site.enqueue("sleep", 3, **told), site.enqueue("block_the_loop", 3, **told)]
    with process(site, shared_redis.url):
        await eventually(lambda: {job.get_status() for job in jobs} == {JobStatus.STARTED})
        async with site.serving(lease_s=1):
            for job in jobs:
                await status_is(job, JobStatus.FINISHED)
    assert not [call for call in calls if {job.id for job in jobs} & set(call)]


async def test_sigterm_lets_a_process_finish_its_jobs(site: Site, shared_redis: RedisServer) -> None:
    job = site.enqueue("sleep", 1)
    with process(site, shared_redis.url, drain_s=30) as worker:
        await status_is(job, JobStatus.STARTED)
        worker.send_signal(signal.SIGTERM)
        await asyncio.to_thread(worker.wait, 20)
    assert (worker.returncode, job.get_status()) == (0, JobStatus.FINISHED)


def test_a_function_that_never_ends_does_not_hold_up_the_exit(site: Site, shared_redis: RedisServer) -> None:
    job = site.enqueue("block", 600)
    with process(site, shared_redis.url, drain_s=0.1) as worker:
        wait_until(lambda: job.get_status() == JobStatus.STARTED)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(20) == 0
    assert job.get_status() == JobStatus.QUEUED
