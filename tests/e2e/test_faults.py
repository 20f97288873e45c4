"""Processes that die in the middle of an answer: every follower ends with the whole text, or is told."""

import asyncio
import os
import signal

import msgspec
import pytest
import redis as sync_redis
from rq import Queue
from rq.serializers import JSONSerializer

from cli.follower import Client
from shared_events.contract import JobRequest
from shared_events.events import JobStatus
from shared_events.fold import JobView
from shared_events.ids import new_epoch, new_job_id
from shared_events.keys import Keys
from shared_events.log import JobLog
from shared_events.open_jobs import OpenJobs
from shared_events.redis_client import connect
from tests.e2e.conftest import client_of, counted, followed, submit
from tests.stack import Stack
from tests.waiting import eventually, wait_until


async def half_way(client: Client, job_id: str, view: JobView) -> None:
    """Until `view`, which somebody follows, has some text."""
    await eventually(lambda: len(view.text) > 20, timeout_s=20)


async def following(client: Client, job_id: str) -> tuple[JobView, asyncio.Task[None]]:
    view = JobView(job_id)

    async def follow() -> None:
        async for _ in client.follow(job_id, view):
            assert counted(300).startswith(view.text)

    return view, asyncio.create_task(follow())


@pytest.mark.parametrize("part", ["web", "redis", "web and redis"])
async def test_killed_in_mid_answer_and_started_again(fragile: Stack, part: str) -> None:
    async with client_of(fragile) as one, client_of(fragile) as two:
        job_id = await submit(one, model="count-300@60")
        followers = [await following(client, job_id) for client in (one, two)]
        await half_way(one, job_id, followers[0][0])
        if "web" in part:
            fragile.web.kill()
            fragile.web.start()
        if "redis" in part:
            fragile.redis.kill()
            fragile.redis.start()
        async with asyncio.timeout(60):
            await asyncio.gather(*[task for _, task in followers])
    assert [view.text for view, _ in followers] == [counted(300)] * 2
    assert {view.status for view, _ in followers} == {JobStatus.COMPLETED}


async def test_a_job_whose_worker_dies_is_run_again_and_repeats_no_token(fragile: Stack) -> None:
    async with client_of(fragile) as client:
        job_id = await submit(client, model="count-300@100")
        view, task = await following(client, job_id)
        await half_way(client, job_id, view)
        fragile.worker.kill()
        fragile.worker.start()
        await asyncio.wait_for(task, 60)
    assert (view.status, view.text, view.attempt) == (JobStatus.COMPLETED, counted(300), 2)


async def test_a_job_that_never_reached_the_queue_is_run(fragile: Stack) -> None:
    """The server may die between making a job's log and enqueueing it."""
    redis = connect(fragile.redis.url)
    job_id = new_job_id()
    request = JobRequest(
        job_id=job_id,
        agent="chat",
        input={"prompt": "?"},
        owner="dev",
        model="count-5@50",
        backend="scripted",
    )
    await OpenJobs(redis, Keys()).add(job_id)
    log = JobLog(redis, Keys(), lease_s=0.1)
    await log.create(job_id, new_epoch(), {"queue": "normal"}, request=msgspec.json.encode(request))
    await redis.aclose()
    async with client_of(fragile) as client:
        view = await asyncio.wait_for(followed(client, job_id), 60)
    assert (view.status, view.text) == (JobStatus.COMPLETED, counted(5))


async def test_jobs_outlive_a_frozen_redis(fragile: Stack) -> None:
    """A worker that could not tell Redis that it lives used to end, and its job with it."""
    async with client_of(fragile) as client:
        job_id = await submit(client, model="count-300@20")
        view, task = await following(client, job_id)
        await half_way(client, job_id, view)
        fragile.redis.freeze()
        await asyncio.to_thread(wait_until, lambda: "log_unreachable" in fragile.worker.log.read_text(), 30)
        fragile.redis.thaw()
        await asyncio.wait_for(task, 60)
    assert (view.status, view.text) == (JobStatus.COMPLETED, counted(300))


async def test_a_worker_that_is_stopped_hands_its_jobs_on(fragile: Stack) -> None:
    async with client_of(fragile) as client:
        job_id = await submit(client, model="count-300@60")
        view, task = await following(client, job_id)
        await half_way(client, job_id, view)
        os.kill(fragile.worker.pid, signal.SIGTERM)
        await eventually(lambda: view.status is JobStatus.RETRYING, timeout_s=20)
        fragile.worker.wait()
        fragile.worker.start()
        await asyncio.wait_for(task, 60)
    assert (view.status, view.text, view.attempt) == (JobStatus.COMPLETED, counted(300), 2)


async def test_a_queue_entry_that_names_another_function_is_refused(fragile: Stack) -> None:
    witness = fragile.web.log.parent / "witness"
    connection = sync_redis.Redis.from_url(fragile.redis.url, protocol=2)
    queue = Queue(Keys().queue("normal"), connection=connection, serializer=JSONSerializer)
    job = queue.enqueue_call("os.mkdir", args=(str(witness),), job_id="0" * 20)
    await eventually(lambda: job.get_status(refresh=True) == "failed", timeout_s=20)
    assert not witness.exists()
    assert "job_refused" in fragile.worker.log.read_text()
    async with client_of(fragile) as client:
        assert (await followed(client, await submit(client, model="count-5@50"))).text == counted(5)
    connection.close()
