"""The sink: an attempt's output goes past the gate and the replay, in order, and once."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from shared_events.events import ChunkMetadata, Event, JobCompleted, JobProgress, ModelChunk, ModelRewind
from shared_events.fold import JobView
from shared_events.ids import new_epoch, new_job_id
from shared_events.log import JobLog
from tests.making import started_job
from tests.workers.attempting import events
from workers.origin import Origin
from workers.pausing import Pause
from workers.replay import Replay
from workers.sink import AttemptSink
from workers.writer import Writer


class Attempted:
    """A sink above the writer of a job that an earlier attempt left with the text "one two"."""

    def __init__(self, log: JobLog, writer: Writer) -> None:
        self.log, self.writer = log, writer
        self.pause = Pause(on_change=lambda: None, on_overdue=lambda: None)
        self.sink = AttemptSink(writer, self.pause, Replay("one two"))

    async def written(self) -> list[Event]:
        """What is in the log of this attempt, without its end."""
        before = 2
        self.writer.end(JobCompleted)
        await self.writer.run()
        return (await events(self.log, self.writer.job_id))[before:-1]


@pytest.fixture
async def attempted(log: JobLog) -> AsyncIterator[Attempted]:
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, new_epoch(), "one two")
    await log.start(job_id, epoch)
    view: JobView = await log.view(job_id)
    one = Attempted(log, Writer(log, job_id, epoch, Origin(view, fields={}), on_answer=lambda _: None))
    yield one
    one.pause.close()


async def test_what_followers_have_is_not_published_again(attempted: Attempted) -> None:
    for text in ("one", " t", "wo", " three"):
        await attempted.sink.chunk(text, None)
    await attempted.sink.finish()
    (chunk,) = await attempted.written()
    assert isinstance(chunk, ModelChunk)
    assert chunk.chunk == " three"


async def test_what_comes_out_otherwise_is_taken_back_before_it_is_said(attempted: Attempted) -> None:
    metadata = ChunkMetadata(step="draft")
    await attempted.sink.chunk("one more", metadata)
    await attempted.sink.finish()
    back, chunk = await attempted.written()
    assert isinstance(back, ModelRewind)
    assert (back.length, back.reason) == (4, "retry")
    assert isinstance(chunk, ModelChunk)
    assert (chunk.chunk, chunk.metadata) == ("more", metadata)


async def test_what_is_not_said_again_is_taken_back_at_the_end(attempted: Attempted) -> None:
    await attempted.sink.chunk("one", None)
    await attempted.sink.finish()
    (back,) = await attempted.written()
    assert isinstance(back, ModelRewind)
    assert back.length == 3


async def test_nothing_passes_a_closed_gate_and_all_of_it_in_order_when_it_opens(
    attempted: Attempted,
) -> None:
    attempted.pause.begin("lunch")
    sink = attempted.sink

    async def say() -> None:
        await sink.chunk("one two three", None)
        await sink.progress(50, "half", {"n": 1})
        await sink.gate()

    saying = asyncio.create_task(say())
    await asyncio.sleep(0)
    assert attempted.writer.view.sequence == 2
    attempted.pause.end()
    await saying
    chunk, progress = await attempted.written()
    assert isinstance(chunk, ModelChunk)
    assert isinstance(progress, JobProgress)
    assert (progress.progress, progress.step, progress.metadata) == (50, "half", {"n": 1})


async def test_what_an_agent_takes_back_is_taken_back_from_its_followers(attempted: Attempted) -> None:
    await attempted.sink.chunk("one two 🙂 three", None)
    await attempted.sink.rewind("one two 🙂")
    await attempted.sink.chunk(" four", None)
    _, back, chunk = await attempted.written()
    assert isinstance(back, ModelRewind)
    assert (back.length, back.reason) == (10, "agent")
    assert isinstance(chunk, ModelChunk)
    assert attempted.writer.view.text == "one two 🙂 four"


async def test_what_an_agent_takes_back_before_it_has_said_anything_new_stays_as_it_may_come_again(
    attempted: Attempted,
) -> None:
    await attempted.sink.chunk("one t", None)
    await attempted.sink.rewind("one")
    await attempted.sink.chunk(" two!", None)
    (chunk,) = await attempted.written()
    assert isinstance(chunk, ModelChunk)
    assert chunk.chunk == "!"
