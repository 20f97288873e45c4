"""The asyncio worker does with a job what a stock RQ worker does."""

import asyncio
import time
from typing import Any

import pytest
import redis
from rq import Callback, Queue, Retry
from rq.job import JobStatus
from rq.results import Result
from rq.serializers import JSONSerializer, PickleSerializer
from structlog.testing import capture_logs

from tests.redis_server import RedisServer
from tests.waiting import eventually
from tests.workers.rq_jobs import calls, gate
from tests.workers.rq_site import JOBS, Site, status_is
from workers.rq_async import AsyncioWorker


async def test_a_finished_job_has_its_result_and_stands_in_the_registry(site: Site) -> None:
    job = site.enqueue("add", 1, 2)
    assert await site.worker().serve(burst=True) is True
    assert (job.get_status(), job.return_value()) == (JobStatus.FINISHED, 3)
    assert job.id in site.queue().finished_job_registry
    assert site.leftovers() == set()


async def test_a_worker_without_jobs_says_so(site: Site) -> None:
    assert await site.worker().serve(burst=True) is False


async def test_a_failed_job_has_its_traceback_and_stands_in_the_registry(site: Site) -> None:
    job = site.enqueue("fail", "no luck")
    await site.burst()
    result = job.latest_result()
    assert result is not None
    assert (job.get_status(), result.type) == (JobStatus.FAILED, Result.Type.FAILED)
    assert "ValueError: no luck" in str(result.exc_string)
    assert job.id in site.queue().failed_job_registry
    assert site.leftovers() == set()


async def test_a_plain_function_runs_in_a_thread_of_its_own(site: Site) -> None:
    job = site.enqueue("add_in_thread", 1, 2)
    await site.burst()
    assert job.return_value() == [3, False]


async def test_blocking_functions_do_not_wait_for_one_another(site: Site) -> None:
    names = [f"{site.name} {n}" for n in range(40)]
    jobs = [site.enqueue("wait_in_thread_for", name) for name in names]
    async with site.serving():
        await eventually(lambda: all(name in calls for name in names))
        for name in names:
            gate(name).set()
    assert {job.get_status() for job in jobs} == {JobStatus.FINISHED}


@pytest.mark.parametrize("function", ["my_id", "my_id_in_thread"])
async def test_the_code_of_a_job_knows_its_job(site: Site, function: str) -> None:
    job = site.enqueue(function)
    await site.burst()
    assert job.return_value() == job.id


@pytest.mark.parametrize("function", ["leave", "has_no_such_name"])
async def test_whatever_a_job_does_fails_the_job_only(site: Site, function: str) -> None:
    bad, good = site.enqueue(function), site.enqueue("add", 1, 1)
    await site.burst()
    assert (bad.get_status(), good.get_status()) == (JobStatus.FAILED, JobStatus.FINISHED)


async def test_two_hundred_jobs_run_at_once(site: Site) -> None:
    jobs = [site.enqueue("sleep", 0.5) for _ in range(200)]
    began = time.monotonic()
    await site.burst(concurrency=200)
    assert {job.get_status() for job in jobs} == {JobStatus.FINISHED}
    assert time.monotonic() - began < 200 * 0.5 / 8


async def test_no_more_jobs_run_than_there_is_room_for(site: Site) -> None:
    for n in range(3):
        site.enqueue("wait_for", f"{site.name}-{n}")
    async with site.serving(concurrency=2) as worker:
        await eventually(lambda: worker.running == 2 and len(site.queue()) == 1)
        gate(f"{site.name}-0").set()
        await eventually(lambda: f"{site.name}-2" in calls)
        gate(f"{site.name}-1").set()
        gate(f"{site.name}-2").set()


async def test_max_jobs_are_taken(site: Site) -> None:
    jobs = [site.enqueue("add", 1, n) for n in range(3)]
    await site.worker().serve(max_jobs=2)
    assert [job.get_status() for job in jobs] == [JobStatus.FINISHED, JobStatus.FINISHED, JobStatus.QUEUED]


async def test_a_worker_that_idles_for_too_long_ends(site: Site) -> None:
    assert await site.worker().serve(max_idle_s=0.1) is False


async def test_queues_are_served_in_their_order(site: Site) -> None:
    for queue in ("low", "default", "high"):
        for n in range(2):
            site.enqueue("note", f"{site.name} {queue} {n}", queue=queue)
    await site.burst("high", "default", "low", concurrency=1)
    ours = [call for call in calls if isinstance(call, str) and call.startswith(site.name)]
    assert ours == [f"{site.name} {queue} {n}" for queue in ("high", "default", "low") for n in range(2)]


async def test_a_job_on_the_last_queue_does_not_wait_for_long(site: Site) -> None:
    async with site.serving("high", "default", "low"):
        await status_is(site.enqueue("add", 1, 1, queue="low"), JobStatus.FINISHED)


@pytest.mark.parametrize("function", ["sleep", "block"])
async def test_a_job_that_takes_too_long_fails_with_its_timeout(site: Site, function: str) -> None:
    job = site.enqueue(function, 20, job_timeout=1)
    await site.burst()
    result = job.latest_result()
    assert result is not None
    assert "JobTimeoutException: Task exceeded maximum timeout value (1 seconds)" in str(result.exc_string)


async def test_minus_one_is_no_timeout(site: Site) -> None:
    job = site.enqueue("sleep", 0.01, job_timeout=-1)
    await site.burst()
    assert job.get_status() == JobStatus.FINISHED


async def test_a_job_cancelled_between_pop_and_start_does_not_run(site: Site) -> None:
    job, queue = site.enqueue("note", site.name), site.queue()
    job.cancel()
    # What the list looks like when the cancel comes right after another worker's pop.
    site.connection.rpush(queue.key, job.id)
    await site.burst()
    assert (job.get_status(), site.name in calls) == (JobStatus.CANCELED, False)
    assert site.leftovers() == set()


async def test_a_job_that_is_gone_is_dropped(site: Site) -> None:
    site.connection.rpush(site.queue().key, "gone")
    await site.burst()
    assert (len(site.queue()), site.leftovers()) == (0, set())


async def test_a_job_that_may_not_run_fails_and_nothing_of_it_is_executed(site: Site) -> None:
    callbacks: dict[str, Any] = {
        on: Callback(f"{JOBS}.{on}") for on in ("on_success", "on_failure", "on_stopped")
    }
    job = site.enqueue("note", site.name, retry=Retry(max=5), **callbacks)
    with capture_logs() as lines:
        await site.burst(may_run=lambda _job: False)
    assert [line["rq_job"] for line in lines if line["event"] == "job_refused"] == [job.id]
    result = job.latest_result()
    assert result is not None
    assert (job.get_status(), str(result.exc_string)[:8]) == (JobStatus.FAILED, "Refused:")
    assert not [call for call in calls if site.name in call or job.id in call]


async def test_a_job_that_cannot_be_looked_at_is_refused(site: Site) -> None:
    job = site.enqueue("note", site.name)
    site.connection.hset(job.key, "data", b"not JSON")
    await site.burst(may_run=lambda job: job.func_name == "x")
    assert job.get_status() == JobStatus.FAILED


async def test_a_failure_that_was_told_before_is_one_line_without_a_traceback(site: Site) -> None:
    told, untold = site.enqueue("fail_told", "known"), site.enqueue("fail", "unknown")
    with capture_logs() as lines:
        await site.burst()
    logged = {line["rq_job"]: line for line in lines if line["event"] == "job_failed"}
    assert (logged[told.id]["code"], "exc_info" in logged[told.id]) == ("told", False)
    assert "exc_info" in logged[untold.id]


def test_another_serializer_than_json_is_refused(site: Site) -> None:
    with pytest.raises(ValueError, match="JSON only"):
        site.worker(serializer=PickleSerializer)


def test_the_callers_connection_is_left_as_it_is(shared_redis: RedisServer) -> None:
    theirs = redis.Redis.from_url(shared_redis.url)
    before = dict(theirs.connection_pool.connection_kwargs)
    AsyncioWorker([Queue("q", connection=theirs, serializer=JSONSerializer)])
    assert theirs.connection_pool.connection_kwargs == before


def test_work_serves_in_a_loop_of_its_own(site: Site) -> None:
    job = site.enqueue("add", 1, 2)
    assert site.worker().work(burst=True) is True
    assert job.get_status() == JobStatus.FINISHED


async def test_an_exception_handler_is_called(site: Site) -> None:
    job, seen = site.enqueue("fail", "no luck"), []
    await site.burst(exception_handlers=[lambda job, *_: seen.append(job.id)])
    assert seen == [job.id]


async def test_a_job_that_came_while_a_burst_ran_is_run(site: Site) -> None:
    first = site.enqueue("wait_for", site.name)
    burst = asyncio.create_task(site.burst())
    await eventually(lambda: site.name in calls)
    second = site.enqueue("add", 1, 1)
    gate(site.name).set()
    await burst
    assert {first.get_status(), second.get_status()} == {JobStatus.FINISHED}
