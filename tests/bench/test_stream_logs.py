"""What the bench reads of a log is what is there, whole or compacted, Jobcast's or stock's."""

from collections.abc import AsyncIterator

import pytest
import redis
from rq import Queue

from bench.stock_stream import Numbered, log_key
from bench.stream_logs import BEGINNING, JobcastLogs, StockLogs
from bench.transcript import Ticket, Transcript, transcript
from shared_events.answers import Rest
from shared_events.ids import JobId, new_epoch, new_job_id
from shared_events.keys import Keys
from shared_events.log import JobLog
from shared_events.redis_client import connect
from tests.bench.streamed import client_of, compact
from tests.making import completed, encoded, started_job
from tests.redis_server import RedisServer

TEXTS = ("a", "b", "c", "d")
EPOCH = new_epoch()


@pytest.fixture
async def log(own_redis: RedisServer) -> AsyncIterator[JobLog]:
    """A log with the names that the bench looks for, on a server that has nothing else."""
    log = JobLog(connect(own_redis.url), Keys())
    yield log
    await log.aclose()


@pytest.fixture
async def job(log: JobLog) -> JobId:
    job = new_job_id()
    await started_job(log, job, EPOCH, *TEXTS)
    return job


def size_of(client: redis.Redis, key: str) -> int:
    return client.memory_usage(key, samples=0) or 0


def stock_log(client: redis.Redis, job: str, *, ends: bool) -> None:
    events = Numbered(job)
    written = [events.next("model:chunk", chunk=text) for text in TEXTS]
    for event in [*written, *([events.next("job:completed")] if ends else [])]:
        client.xadd(log_key(job), {"e": event})


async def end(log: JobLog, job: JobId) -> None:
    await log.append(job, epoch=EPOCH, previous=5, events=encoded(completed(job, 6)), rest=Rest.CLOSES)


async def test_a_log_reads_the_same_before_and_after_it_is_compacted(
    own_redis: RedisServer, log: JobLog, job: JobId
) -> None:
    tickets, text = [Ticket(job, 1, 0)], "".join(TEXTS)
    with client_of(own_redis) as client:
        logs = JobcastLogs(client)
        [before] = logs.read(tickets)
        await compact(log, job, EPOCH, keep_from=4)
        [after] = logs.read(tickets)
        assert logs.written(tickets) == 5
    assert [len(before.events), len(after.events), after.first] == [5, 2, 4]
    assert transcript(job, before) == transcript(job, after) == Transcript(text, whole=True, ended=False)


async def test_a_beginning_is_all_that_a_short_log_has_and_no_more_of_a_longer_one(
    own_redis: RedisServer, job: JobId
) -> None:
    with client_of(own_redis) as client:
        [begun, missing] = JobcastLogs(client).beginnings([Ticket(job, 1, 0), Ticket(new_job_id(), 2, 0)])
    assert len(begun) == BEGINNING
    assert missing == []


async def test_jobs_have_ended_when_their_worker_has_done_with_them_too(
    own_redis: RedisServer, log: JobLog, job: JobId
) -> None:
    """The end of a log is compacted after its last event: until then its memory is not the final one."""
    tickets = [Ticket(job, 1, 0)]
    with client_of(own_redis) as client:
        logs, started = JobcastLogs(client), Queue(Keys().queue("normal"), connection=client)
        client.zadd(started.started_job_registry.key, {f"{job}:run": 1})
        assert not logs.ended(tickets)
        await end(log, job)
        assert not logs.ended(tickets)
        client.delete(started.started_job_registry.key)
        assert logs.ended(tickets)


async def test_the_memory_is_that_of_all_keys_of_all_jobs_and_of_no_others(
    own_redis: RedisServer, log: JobLog, job: JobId
) -> None:
    await compact(log, job, EPOCH, keep_from=4)
    keys = Keys()
    with client_of(own_redis) as client:
        client.set(keys.sweep(), "x" * 1000)
        of_job = sum(size_of(client, name) for name in (keys.log(job), keys.meta(job), keys.base(job)))
        assert JobcastLogs(client).memory_bytes() == of_job


async def test_a_stock_log_is_read_like_ours(own_redis: RedisServer) -> None:
    with client_of(own_redis) as client:
        logs, tickets = StockLogs(client), [Ticket("one", 1, 0), Ticket("two", 2, 0)]
        stock_log(client, "one", ends=True)
        assert not logs.ended(tickets)
        stock_log(client, "two", ends=True)
        assert logs.ended(tickets)
        assert logs.written(tickets) == 2 * (len(TEXTS) + 1)
        assert [len(one) for one in logs.beginnings(tickets)] == [BEGINNING, BEGINNING]
        whole = Transcript("".join(TEXTS), whole=True, ended=True)
        assert [transcript("one", kept) for kept in logs.read(tickets)] == [whole, whole]
        assert logs.memory_bytes() == 2 * size_of(client, log_key("one"))


def test_a_stock_log_that_goes_on_has_not_ended(own_redis: RedisServer) -> None:
    with client_of(own_redis) as client:
        stock_log(client, "one", ends=False)
        assert not StockLogs(client).ended([Ticket("one", 1, 0)])
