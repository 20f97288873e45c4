"""What can be asked of the asyncio worker while it works: stop a job, suspend, drain, end."""

import os

import pytest
from rq import Callback, Worker
from rq.command import send_shutdown_command, send_stop_job_command
from rq.job import Job, JobStatus
from rq.suspension import resume, suspend

from tests.redis_server import RedisServer
from tests.waiting import eventually
from tests.workers.rq_jobs import calls, gate
from tests.workers.rq_site import JOBS, Obstinate, Site, listening, serving, status_is
from workers.rq_async import AsyncioWorker, GiveBack


@pytest.mark.parametrize("function", ["wait_for", "wait_in_thread_for"])
async def test_the_stop_command_stops_the_job(site: Site, function: str) -> None:
    job = site.enqueue(function, site.name, on_stopped=Callback(f"{JOBS}.on_stopped"))
    async with site.serving() as worker:
        await listening(site, worker)
        await eventually(lambda: site.name in calls)
        send_stop_job_command(site.connection, job.id, serializer=worker.serializer)
        await status_is(job, JobStatus.STOPPED)
        await eventually(lambda: worker.running == 0)
    gate(site.name).set()
    assert ("stopped", job.id) in calls
    assert job.id in site.queue().failed_job_registry
    assert site.leftovers() == set()


async def test_a_stopped_job_is_not_retried_and_its_neighbours_go_on(site: Site) -> None:
    job, other = site.enqueue("wait_for", f"{site.name} a"), site.enqueue("wait_for", f"{site.name} b")
    async with site.serving() as worker:
        await listening(site, worker)
        await eventually(
            lambda: worker.running == 2 and {f"{site.name} a", f"{site.name} b"} <= set(_names())
        )
        send_stop_job_command(site.connection, job.id, serializer=worker.serializer)
        await status_is(job, JobStatus.STOPPED)
        gate(f"{site.name} b").set()
        await status_is(other, JobStatus.FINISHED)


async def test_a_result_counts_although_the_job_was_to_be_stopped(site: Site) -> None:
    job = site.enqueue("add", 1, 1)
    begun: list[Obstinate] = []

    def begin(_job: Job) -> Obstinate:
        begun.append(Obstinate("nearly done", GiveBack()))
        return begun[0]

    async with site.serving(begin=begin) as worker:
        await listening(site, worker)
        await eventually(lambda: begun and begun[0].began)
        send_stop_job_command(site.connection, job.id, serializer=worker.serializer)
        await status_is(job, JobStatus.FINISHED)
    assert job.return_value() == "nearly done"


async def test_a_command_that_is_none_does_no_harm(site: Site) -> None:
    async with site.serving() as worker:
        await listening(site, worker)
        for nonsense in ("{", "[]", '{"command": 1}', '{"command": "stop-job"}', '{"command": "kill-horse"}'):
            site.connection.publish(worker.pubsub_channel_name, nonsense)
        await status_is(site.enqueue("add", 1, 1), JobStatus.FINISHED)


async def test_the_shutdown_command_drains_the_worker(site: Site) -> None:
    worker, job = site.worker(), site.enqueue("wait_for", site.name)
    async with serving(worker) as task:
        await listening(site, worker)
        await eventually(lambda: site.name in calls)
        send_shutdown_command(site.connection, worker.name)
        later = site.enqueue("add", 1, 1)
        gate(site.name).set()
        await task
    assert job.get_status() == JobStatus.FINISHED
    assert later.get_status() in {JobStatus.FINISHED, JobStatus.QUEUED}


async def test_a_suspended_worker_takes_no_jobs(own_redis: RedisServer) -> None:
    site = Site(own_redis.url)
    async with site.serving() as worker:
        await listening(site, worker)
        suspend(site.connection)
        await eventually(lambda: _state(site, worker) == "suspended")
        job = site.enqueue("add", 1, 1)
        resume(site.connection)
        await status_is(job, JobStatus.FINISHED)


async def test_a_suspended_worker_ends_a_burst(own_redis: RedisServer) -> None:
    site = Site(own_redis.url)
    suspend(site.connection)
    job = site.enqueue("add", 1, 1)
    await site.burst()
    assert job.get_status() == JobStatus.QUEUED


async def test_rq_lists_the_worker_with_its_state(site: Site) -> None:
    async with site.serving("default", "low") as worker:
        await eventually(lambda: _state(site, worker) == "idle")
        job = site.enqueue("wait_for", site.name)
        await eventually(lambda: _state(site, worker) == "busy")
        listed = next(one for one in Worker.all(queue=site.queue("low")) if one.name == worker.name)
        assert (listed.get_current_job_id(), listed.pid) == (job.id, os.getpid())
        gate(site.name).set()
        await eventually(lambda: _state(site, worker) == "idle")
    assert worker.name not in {one.name for one in Worker.all(site.connection)}


async def test_the_workers_own_class_lists_it_too(site: Site) -> None:
    async with site.serving() as worker:
        await eventually(lambda: worker.name in {one.name for one in AsyncioWorker.all(site.connection)})


async def test_the_name_of_a_living_worker_is_taken(site: Site) -> None:
    async with site.serving() as worker:
        await eventually(lambda: _state(site, worker) == "idle")
        with pytest.raises(ValueError, match="active worker"):
            await site.worker(name=worker.name).serve()
        assert worker.name in {one.name for one in Worker.all(site.connection)}


async def test_a_worker_that_redis_forgot_registers_again(site: Site) -> None:
    async with site.serving(lease_s=0.4) as worker:
        await eventually(lambda: _state(site, worker) == "idle")
        site.connection.delete(worker.key)
        site.connection.srem("rq:workers", worker.key)
        await eventually(lambda: worker.name in {one.name for one in Worker.all(site.connection)})


def _state(site: Site, worker: AsyncioWorker) -> str | None:
    state = site.connection.hget(worker.key, "state")
    return state.decode() if isinstance(state, bytes) else None


def _names() -> list[str]:
    return [call for call in calls if isinstance(call, str)]
