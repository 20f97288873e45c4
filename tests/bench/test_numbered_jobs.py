"""Seeded jobs: the log takes them for its own, and the template's events are the next ones."""

import time
from collections.abc import Iterator
from typing import Any

import hiredis
import pytest
import redis as blocking

from bench import template
from bench.numbered_jobs import EPOCH, FIRST, STANDING_AT, numbered_job, seed
from shared_events.answers import Answer
from shared_events.checkpoint import Checkpoint, Delta, EpochStart, resume
from shared_events.events import JobStatus, ModelChunk, decode_event
from shared_events.ids import is_epoch, is_job_id
from shared_events.keys import Keys
from shared_events.log import JobLog
from shared_events.message import parse_message
from shared_events.redis_client import connect_blocking
from shared_events.scripts import script
from tests.making import chunk, encoded
from tests.redis_server import RedisServer

JOB = numbered_job(7)


@pytest.fixture
def client(shared_redis: RedisServer) -> Iterator[blocking.Redis]:
    connection = connect_blocking(shared_redis.url)
    yield connection
    connection.close()


def filled(data: bytes, *, sequence: int) -> list[Any]:
    """The command of a template for job 7, as Redis would read it."""
    for marker, value in (
        (template.TIME, f"{time.monotonic_ns():019d}"),
        (template.JOB, f"{7:012d}"),
        (template.SEQUENCE, f"{sequence:07d}"),
        (template.PREVIOUS, f"{sequence - 1:07d}"),
    ):
        data = data.replace(marker.encode(), value.encode())
    reader = hiredis.Reader()
    reader.feed(data)
    command: list[Any] = reader.gets()
    assert reader.gets() is False, "one command and nothing else"
    return command


async def test_a_seeded_job_stands_before_its_millionth_event(
    client: blocking.Redis, log: JobLog, keys: Keys
) -> None:
    seed(client, keys, 8)
    meta, view = await log.meta(JOB), await log.view(JOB)
    assert is_job_id(JOB)
    assert is_epoch(EPOCH)
    assert (meta.head, meta.first, meta.status, meta.owner) == (999_999, 1_000_000, JobStatus.RUNNING, "dev")
    assert (meta.epoch, meta.epochs, meta.closed) == (EPOCH, (EpochStart(EPOCH, 1),), False)
    assert (view.epoch, view.sequence, view.text, view.ended) == (EPOCH, STANDING_AT, "", False)
    assert resume(Checkpoint(STANDING_AT, EPOCH), meta.reach) == Delta(STANDING_AT)


async def test_seeding_again_puts_a_job_back(client: blocking.Redis, log: JobLog, keys: Keys) -> None:
    seed(client, keys, 8)
    before = await log.meta(JOB)
    written = await log.append(
        JOB, epoch=EPOCH, previous=STANDING_AT, events=encoded(chunk(JOB, FIRST, "more"))
    )
    assert written.answer is Answer.OK
    seed(client, keys, 8)
    assert (await log.meta(JOB)).reach == before.reach
    assert (await log.view(JOB)).text == ""


def test_what_is_seeded_expires(client: blocking.Redis, keys: Keys) -> None:
    seed(client, keys, 1)
    made = client.keys(f"{keys.prefix}:*")
    assert len(made) == 2
    assert all(client.pttl(key) > 0 for key in made)


def test_the_template_publishes_the_next_event_of_a_job(keys: Keys) -> None:
    name, channel, data = filled(template.published(keys), sequence=FIRST)
    message = parse_message(data)
    assert (name, channel) == (b"PUBLISH", keys.channel(JOB).encode())
    assert (message.epoch, message.first, message.last) == (EPOCH, FIRST, FIRST)
    assert message.events is not None
    event = decode_event(message.events[0])
    assert isinstance(event, ModelChunk)
    assert (event.job_id, event.sequence, event.chunk) == (JOB, FIRST, " token")


async def test_the_appending_template_writes_the_next_event(
    client: blocking.Redis, log: JobLog, keys: Keys
) -> None:
    seed(client, keys, 8)
    client.script_load(script("append"))
    for sequence in (FIRST, FIRST + 1):
        answer = client.execute_command(*filled(template.appended(keys), sequence=sequence))  # type: ignore[no-untyped-call]
        assert answer[:2] == [b"OK", sequence]
    tail = await log.read_after(JOB, FIRST)
    assert [decode_event(event).sequence for event in tail.events] == [FIRST + 1]
