"""The first chunk is timed while the log has it; one that has gone is told, and no later one counts."""

import pytest

from bench.first_chunks import FirstChunks, first_chunk_ms, is_gone
from bench.stream_logs import BEGINNING, JobcastLogs
from bench.transcript import Ticket
from shared_events.events import Event
from shared_events.ids import JobId, new_epoch, new_job_id
from shared_events.keys import Keys
from shared_events.log import JobLog
from shared_events.redis_client import connect
from tests.bench.streamed import client_of, compact
from tests.making import chunk, started_job, status
from tests.redis_server import RedisServer
from tests.waiting import wait_until

JOB = JobId("0123456789abcdefghij")
EPOCH = new_epoch()
STATUSES = [status(JOB, sequence, EPOCH) for sequence in range(1, BEGINNING + 1)]
SUBMITTED_MS = -9.0
"""Ten before the chunks of `tests.making`."""


def test_the_first_text_of_a_beginning_counts() -> None:
    assert first_chunk_ms([*STATUSES[:2], chunk(JOB, 3, "a")]) == 1
    assert first_chunk_ms(STATUSES[:2]) is None


@pytest.mark.parametrize(
    ("beginning", "gone"),
    [
        ([], False),
        (STATUSES[:2], False),
        ([*STATUSES[:2], chunk(JOB, 3, "a")], False),
        ([chunk(JOB, 3, "b")], True),
        (STATUSES, True),
    ],
    ids=["no log yet", "no text yet", "text", "begins later", "text comes too late to be read"],
)
def test_a_first_chunk_has_gone_when_no_look_can_find_it(beginning: list[Event], gone: bool) -> None:
    assert is_gone(beginning) is gone


async def test_every_expected_stream_is_timed_once_its_text_is_there(shared_redis: RedisServer) -> None:
    log, jobs = JobLog(connect(shared_redis.url), Keys()), [new_job_id(), new_job_id()]
    with client_of(shared_redis) as client:
        first = FirstChunks(JobcastLogs(client))
        first.expect([Ticket(job, number, SUBMITTED_MS) for number, job in enumerate(jobs)])
        await started_job(log, jobs[0], new_epoch(), "a")
        assert not first.looked()
        await started_job(log, jobs[1], new_epoch(), "a", "b")
        wait_until(first.looked)
    assert first.numbers == {"first_missed": 0, "first_p50_ms": 10, "first_p99_ms": 10}
    await log.aclose()


async def test_a_compacted_beginning_is_missed_and_there_are_no_quantiles(shared_redis: RedisServer) -> None:
    log, jobs = JobLog(connect(shared_redis.url), Keys()), [new_job_id(), new_job_id()]
    for job in jobs:
        await started_job(log, job, EPOCH, "a", "b", "c")
    await compact(log, jobs[1], EPOCH, keep_from=3)
    with client_of(shared_redis) as client:
        first = FirstChunks(JobcastLogs(client))
        first.expect([Ticket(job, number, SUBMITTED_MS) for number, job in enumerate(jobs)])
        wait_until(first.looked)
    assert first.numbers == {"first_missed": 1}
    await log.aclose()
