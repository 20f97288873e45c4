"""What the machine has found in the code under test. What is not mended yet, `spared.py` keeps from it."""

from collections.abc import Callable
from typing import Any, cast

import msgspec
import pytest
import socketio
from redis.asyncio import Redis

from cli.follower import Client
from shared_events.checkpoint import Checkpoint, Snapshot, resume
from shared_events.events import Event, JobSnapshot, JobStatus, ModelRewind
from shared_events.fold import JobView
from shared_events.ids import Epoch, JobId, new_epoch, new_job_id
from shared_events.keys import Keys
from shared_events.log import Answer, JobLog
from tests.making import chunk, completed, started_job, status, write
from workers.writer import Writer


async def _written(writer: Writer, text: str, pieces: int) -> None:
    """Publish, and send it as `Writer.run` does, until nothing is left."""
    for _ in range(pieces):
        await writer.chunk(text, None)
        while not writer._outbox.idle:
            await writer._settle(await writer._append(writer._outbox.batch()))


async def _attempt(log: JobLog, job_id: JobId, epoch: Epoch) -> Writer:
    await log.claim(job_id, epoch, new_attempt=True)
    writer = Writer(log, job_id, epoch, await log.view(job_id), fields={}, on_control=lambda _: None)
    await writer.status(JobStatus.RUNNING, attempt=1)
    return writer


async def test_the_first_compaction_of_an_attempt_does_not_call_trimmed_events_back(
    log: JobLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`first` fell back to 1: followers got a delta without the events that it should begin with."""
    monkeypatch.setattr("workers.writer.COMPACT_BYTES", 500)
    job_id = new_job_id()
    await log.create(job_id, new_epoch(), {})
    await _written(await _attempt(log, job_id, new_epoch()), "x" * 100, 20)
    trimmed = (await log.meta(job_id)).first
    assert trimmed > 1
    await _written(await _attempt(log, job_id, new_epoch()), "y" * 100, 5)
    tail = await log.read_after(job_id, 0)
    assert tail.meta.first >= trimmed
    assert len(tail.events) == tail.meta.head - tail.meta.first + 1


async def test_a_claim_that_is_repeated_is_one_claim(log: JobLog) -> None:
    """redis-py repeats a command whose reply was lost. The epoch stood twice in the log's list, the first
    one ended by the second: every checkpoint of that writer was reset, for good."""
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, new_epoch(), "a")
    first = await log.claim(job_id, epoch, new_attempt=True)
    assert await log.claim(job_id, epoch, new_attempt=True) == first
    await write(log, job_id, epoch, status(job_id, 3, epoch))
    assert (await log.meta(job_id)).reach.end_of(epoch) == 3


async def test_a_late_repetition_of_a_claim_takes_nothing_back(log: JobLog) -> None:
    """A claim that was stuck on its way, and had been repeated meanwhile, gave the log back to a writer
    that had been fenced. Its next append was a DUP, by which it took its heir's events for its own."""
    job_id, zombie, heir = new_job_id(), new_epoch(), new_epoch()
    await started_job(log, job_id, new_epoch(), "a")
    await log.claim(job_id, zombie, new_attempt=True)
    await write(log, job_id, zombie, status(job_id, 3, zombie))
    await log.claim(job_id, heir, new_attempt=True)
    await write(log, job_id, heir, status(job_id, 4, heir), chunk(job_id, 5, "b"))
    assert (await log.claim(job_id, zombie, new_attempt=True)).answer is not Answer.OK
    assert (await log.meta(job_id)).epoch == heir


@pytest.mark.xfail(strict=True, reason="an epoch that has written nothing is handed out with its heirloom")
async def test_a_claim_repeated_over_a_lost_log_overtakes_what_was_read_before(
    log: JobLog, redis: Redis, keys: Keys
) -> None:
    """A claim's reply was lost together with the log (or its tail, in a failover), so it was repeated, under
    the same epoch and with a lower head. Who had read the log between the two held `(epoch, sequence)`
    of an event that this epoch was yet to write, and was then given a delta on top of another history."""
    job_id, heir = new_job_id(), new_epoch()
    await started_job(log, job_id, new_epoch(), "a", "b")
    await log.reclaim(job_id, heir, {})
    view = await log.view(job_id)
    await redis.delete(keys.meta(job_id), keys.log(job_id), keys.base(job_id))
    await log.reclaim(job_id, heir, {})
    others = [chunk(job_id, sequence, "other ") for sequence in (2, 3, 4)]
    await write(log, job_id, heir, status(job_id, 1, heir), *others)
    checkpoint = Checkpoint(view.sequence, Epoch(view.epoch))
    assert resume(checkpoint, (await log.meta(job_id)).reach) == Snapshot(reset=True)


class ScriptedSocket:
    """Answers each request with what its script says: events before the answer, and events behind it."""

    def __init__(self, *script: tuple[list[Event | JobSnapshot], list[Event | JobSnapshot]]) -> None:
        self._script = list(script)
        self._handlers: dict[str, Callable[..., None]] = {}

    def on(self, name: str, handler: Callable[..., None]) -> None:
        self._handlers[name] = handler

    async def emit(self, _name: str, request: dict[str, Any], callback: Callable[..., None]) -> None:
        before, behind = self._script.pop(0)
        self._send(before)
        callback({"ok": True, "jobId": request["jobId"]})
        self._send(behind)

    def _send(self, events: list[Event | JobSnapshot]) -> None:
        for event in events:
            self._handlers[event.NAME](msgspec.to_builtins(event))


async def test_a_client_that_asks_does_not_hear_what_comes_before_the_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its master failed over while it asked: it took what was lost, and then the heir's events on top."""
    monkeypatch.setattr("cli.follower.QUIET_S", 0.01)
    job_id, lost, heir = new_job_id(), new_epoch(), new_epoch()
    view = JobView(job_id)
    view.epoch, view.sequence = lost, 5
    rewind = ModelRewind(job_id=job_id, sequence=7, timestamp=1, length=0, attempt=2, reason="retry")
    socket = ScriptedSocket(
        ([], [view.snapshot(reset=False)]),
        (
            [chunk(job_id, 6, "lost "), chunk(job_id, 7, "too ")],
            [status(job_id, 6, heir), rewind, chunk(job_id, 8, "new"), completed(job_id, 9)],
        ),
    )
    followed = Client(cast("socketio.AsyncClient", socket)).follow(job_id)
    texts = [view.text async for _, view in followed]
    assert texts[-1] == "new"
