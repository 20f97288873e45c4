"""The queue, on a real server: what waits anywhere in it is known to wait."""

import time
from collections.abc import Iterator

import pytest
import redis
from rq import Queue
from rq.job import Job
from rq.registry import FailedJobRegistry, ScheduledJobRegistry, StartedJobRegistry
from rq.serializers import JSONSerializer

from shared_events.contract import RUN_JOB
from shared_events.ids import JobId, new_job_id
from shared_events.keys import Keys
from shared_events.queue import JobQueue
from shared_events.redis_client import connect_blocking
from tests.redis_server import RedisServer


@pytest.fixture
def connection(shared_redis: RedisServer) -> Iterator[redis.Redis]:
    with connect_blocking(shared_redis.url) as one:
        yield one


@pytest.fixture
def jobs(connection: redis.Redis, keys: Keys) -> JobQueue:
    return JobQueue(connection, keys)


@pytest.fixture
def normal(connection: redis.Redis, keys: Keys) -> Queue:
    return Queue(keys.queue("normal"), connection=connection, serializer=JSONSerializer)


def put(jobs: JobQueue, queue: str = "normal", *, first: bool = False) -> JobId:
    job_id = new_job_id()
    jobs.put(job_id, queue, agent="chat", first=first)
    return job_id


def test_a_job_is_enqueued_last_or_first(jobs: JobQueue, normal: Queue) -> None:
    one, two, three = put(jobs), put(jobs), put(jobs, first=True)
    assert normal.get_job_ids() == [three, one, two]


def test_the_entry_names_the_one_function_and_has_no_limit_of_its_own(
    jobs: JobQueue, connection: redis.Redis
) -> None:
    job = Job.fetch(put(jobs), connection=connection, serializer=JSONSerializer)
    assert (job.func_name, job.kwargs, job.timeout) == (RUN_JOB, {"job_id": job.id}, -1)


def test_a_job_that_is_enqueued_again_has_not_failed_any_more(
    jobs: JobQueue, normal: Queue, connection: redis.Redis
) -> None:
    job_id = put(jobs)
    registry = FailedJobRegistry(queue=normal)
    connection.zadd(registry.key, {job_id: time.time() + 100})
    normal.remove(job_id)
    jobs.put(job_id, "normal", agent="chat", first=True)
    assert normal.get_job_ids() == [job_id]
    assert registry.get_job_ids(cleanup=False) == []


def test_jobs_wait_in_each_of_the_queues_that_are_asked_for(jobs: JobQueue) -> None:
    high, own, other = put(jobs, "high"), put(jobs, "gpu"), put(jobs, "elsewhere")
    assert jobs.waiting(["high", "normal", "gpu"]) == {high, own}
    assert jobs.waiting(["elsewhere"]) == {other}
    assert jobs.waiting([]) == set()


def test_a_job_waits_until_its_time(jobs: JobQueue, normal: Queue, connection: redis.Redis) -> None:
    registry = ScheduledJobRegistry(queue=normal)  # type: ignore[no-untyped-call]
    connection.zadd(registry.key, {"later": time.time() + 100, "overdue": 1})
    assert jobs.waiting(["normal"]) == {"later", "overdue"}


def test_a_job_that_a_worker_has_taken_still_waits(
    jobs: JobQueue, normal: Queue, connection: redis.Redis
) -> None:
    job_id = put(jobs)
    connection.lmove(normal.key, f"{normal.key}:intermediate", "LEFT", "RIGHT")
    assert jobs.waiting(["normal"]) == {job_id}


def test_a_job_that_a_worker_has_begun_still_waits_for_its_attempt(
    jobs: JobQueue, normal: Queue, connection: redis.Redis
) -> None:
    registry = StartedJobRegistry(queue=normal)
    connection.zadd(registry.key, {"begun:execution": time.time() + 100, "dead:execution": 1})
    assert jobs.waiting(["normal"]) == {"begun", "dead"}
    assert connection.zcard(registry.key) == 2, "to look takes nothing out"


def test_an_entry_that_is_no_id_is_left_alone(jobs: JobQueue, normal: Queue, connection: redis.Redis) -> None:
    job_id = put(jobs)
    connection.rpush(normal.key, b"\xff\xfe", "")
    connection.rpush(f"{normal.key}:intermediate", b"\x80")
    connection.zadd(StartedJobRegistry(queue=normal).key, {b"\xff:\xfe": 1, b"": 2, b":x": 3})
    assert job_id in jobs.waiting(["normal"])
