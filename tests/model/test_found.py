"""What the machine has found in the code under test."""

from collections.abc import Callable
from typing import Any, cast

import msgspec
import pytest
import socketio
from redis.asyncio import Redis

from agents import Policy
from cli.follower import Client
from shared_events.answers import Answer, Look
from shared_events.checkpoint import Checkpoint, Snapshot, resume
from shared_events.errors import Fenced
from shared_events.events import Event, JobProgress, JobSnapshot, JobStatus, ModelRewind
from shared_events.fold import JobView
from shared_events.ids import Epoch, JobId, new_epoch, new_job_id
from shared_events.keys import Keys
from shared_events.log import JobLog
from tests.making import chunk, completed, started_job, status, write
from workers.burial import bury
from workers.control import Control, HandBack
from workers.origin import Origin
from workers.rewrite import events_of
from workers.writer import Writer


async def _written(writer: Writer, text: str, pieces: int) -> None:
    """Publish, and send it as `Writer.run` does, until nothing is left."""
    for _ in range(pieces):
        await writer.chunk(text, None)
        while not writer._outbox.idle:
            await writer._settle(await writer._append(writer._outbox.batch()))


async def _attempt(log: JobLog, job_id: JobId, epoch: Epoch) -> Writer:
    await log.start(job_id, epoch)
    writer = Writer(log, job_id, epoch, Origin(await log.view(job_id), fields={}), on_answer=lambda _: None)
    writer.status(JobStatus.RUNNING, attempt=1)
    return writer


async def _succeed(log: JobLog, job_id: JobId, heir: Epoch) -> None:
    """Take the job from the attempt that is under way."""
    lease = _lease(await log.looks([job_id]))
    assert (await log.bury(job_id, heir, lease)).answer is Answer.OK


def _lease(looks: list[Look | None]) -> str:
    (look,) = looks
    assert look is not None
    return look.lease


async def test_the_first_compaction_of_an_attempt_does_not_call_trimmed_events_back(
    log: JobLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`first` fell back to 1: followers got a delta without the events that it should begin with."""
    monkeypatch.setattr("shared_events.compaction.COMPACT_BYTES", 500)
    job_id = new_job_id()
    await log.create(job_id, new_epoch(), {})
    await _written(await _attempt(log, job_id, new_epoch()), "x" * 100, 20)
    trimmed = (await log.meta(job_id)).first
    assert trimmed > 1
    await _succeed(log, job_id, new_epoch())
    await _written(await _attempt(log, job_id, new_epoch()), "y" * 100, 5)
    tail = await log.read_after(job_id, 0)
    assert tail.meta.first >= trimmed
    assert len(tail.events) == tail.meta.head - tail.meta.first + 1


async def test_a_claim_that_is_repeated_is_one_claim(log: JobLog) -> None:
    """redis-py repeats a command whose reply was lost. The epoch stood twice in the log's list, the first
    one ended by the second: every checkpoint of that writer was reset, for good."""
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, new_epoch(), "a")
    first = await log.start(job_id, epoch)
    again = await log.start(job_id, epoch)
    assert (again.answer, again.head, again.attempt) == (first.answer, first.head, first.attempt)
    await write(log, job_id, epoch, status(job_id, 3, epoch))
    assert (await log.meta(job_id)).reach.end_of(epoch) == 3


async def test_a_late_repetition_of_a_claim_takes_nothing_back(log: JobLog) -> None:
    """A claim that was stuck on its way, and had been repeated meanwhile, gave the log back to a writer
    that had been fenced. Its next append was a DUP, by which it took its heir's events for its own."""
    job_id, zombie, heir = new_job_id(), new_epoch(), new_epoch()
    await started_job(log, job_id, new_epoch(), "a")
    await log.start(job_id, zombie)
    await write(log, job_id, zombie, status(job_id, 3, zombie))
    await _succeed(log, job_id, heir)
    await write(log, job_id, heir, status(job_id, 4, heir), chunk(job_id, 5, "b"))
    assert (await log.start(job_id, zombie)).answer is not Answer.OK
    assert (await log.meta(job_id)).epoch == heir


async def test_a_claim_repeated_over_a_lost_log_overtakes_what_was_read_before(
    log: JobLog, redis: Redis, keys: Keys
) -> None:
    """A claim's reply was lost together with the log (or its tail, in a failover), so it was repeated, under
    the same epoch and with a lower head. Who had read the log between the two held `(epoch, sequence)`
    of an event that this epoch was yet to write, and was then given a delta on top of another history."""
    job_id, owner, heir = new_job_id(), new_epoch(), new_epoch()
    await started_job(log, job_id, owner, "a", "b")
    await log.remake(job_id, heir, {}, owner=owner)
    view = await log.view(job_id)
    await redis.delete(keys.meta(job_id), keys.log(job_id), keys.base(job_id))
    await log.remake(job_id, heir, {}, owner=owner)
    others = [chunk(job_id, sequence, "other ") for sequence in (2, 3, 4)]
    await write(log, job_id, heir, status(job_id, 1, heir), *others)
    checkpoint = Checkpoint(view.sequence, Epoch(view.epoch))
    assert resume(checkpoint, (await log.meta(job_id)).reach) == Snapshot(reset=True)


async def test_a_request_that_redis_has_lost_asks_for_nothing() -> None:
    """After a failover the log answered without the request that it had answered with before: the empty
    text was decoded, and the writer died with its job."""
    control = Control(Policy(), on_pause=lambda: None)
    control.obey('{"request":"pause"}')
    control.obey("")
    assert control.pause.paused
    control.pause.close()


async def test_a_cancel_that_comes_after_a_hand_back_is_known() -> None:
    """The attempt was to end already, so the cancel was not noted: the job waited for another worker."""
    control = Control(Policy(), on_pause=lambda: None)
    control.hand_back("the worker has to go")
    control.cancel("enough", "somebody")
    assert isinstance(control.interruption, HandBack)
    assert control.cancellation is not None


async def test_a_job_that_is_cancelled_after_a_sweeper_has_looked_at_it_is_buried_as_cancelled(
    log: JobLog,
) -> None:
    """The sweeper went by what it had seen before the burial: the job was tried again, or had failed."""
    job_id = new_job_id()
    await started_job(log, job_id, new_epoch(), "a")
    await log.start(job_id, new_epoch(), {"attempts": "3"})
    (look,) = await log.looks([job_id])
    assert look is not None
    await log.request(job_id, b'{"request":"cancel"}', cancels=True)
    assert not await bury(log, job_id, look)
    assert (await log.meta(job_id)).status is JobStatus.CANCELLED


async def test_a_rewrite_over_what_is_left_takes_back_a_progress_that_was_never_made(log: JobLog) -> None:
    """The writer's own view had no progress, the log's had that of an overtaken attempt: a snapshot of the
    one, and events over the other, told followers different things."""
    job_id, owner, heir = new_job_id(), new_epoch(), new_epoch()
    await started_job(log, job_id, owner, "a")
    progress = JobProgress(job_id=job_id, sequence=3, timestamp=1, progress=40.0, step="half")
    await write(log, job_id, owner, progress)
    await log.remake(job_id, heir, {}, owner=owner)
    await write(log, job_id, heir, *events_of(JobView(job_id), epoch=heir, after=3, timestamp=1))
    view = await log.view(job_id)
    assert (view.progress, view.step, view.text) == (0.0, "", "")


async def test_a_writer_does_not_take_its_job_back_from_an_earlier_one_that_has_claimed_it_again(
    log: JobLog, redis: Redis, keys: Keys
) -> None:
    """An earlier attempt's claim was lost in a failover, as was ours, and then repeated, after others had
    had the job: it was there before us, but it has the job now."""
    job_id, earlier, ours = new_job_id(), new_epoch(), new_epoch()
    await started_job(log, job_id, new_epoch(), "a")
    await log.start(job_id, earlier)
    before = (await log.bury(job_id, ours, _lease(await log.looks([job_id])))).epochs
    origin = Origin(await log.view(job_id), before=before, fields={})
    await redis.delete(keys.meta(job_id), keys.log(job_id))
    await started_job(log, job_id, new_epoch(), "others", "had", "it")
    await log.start(job_id, earlier)
    writer = Writer(log, job_id, ours, origin, on_answer=lambda _: None)
    writer.status(JobStatus.RUNNING, attempt=2)
    with pytest.raises(Fenced):
        await writer.run()


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
