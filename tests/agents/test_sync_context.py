"""The context of a plain `def`: the same names as `JobContext`, each of which waits until it is done."""

import asyncio
import inspect
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from agents import BackendIncomplete, Finished, JobContext, SyncJobContext, TextDelta, agent, run_agent
from shared_events.events import ChunkMetadata, Usage
from tests.agents.collecting import CollectingSink, Counting, PausableSink, Reciting, context
from tests.waiting import eventually

DONE = Finished("stop", Usage(input_tokens=2, output_tokens=1))


async def run(function: Any, job: JobContext[Any]) -> Any:
    return await run_agent(agent("plain")(function), job)


def test_it_has_the_names_of_the_async_context() -> None:
    theirs = {name for name in vars(JobContext) if not name.startswith("_")} - {"finish", "part", "count"}
    ours = {name for name in vars(SyncJobContext) if not name.startswith("_")} - {"usage"}
    assert ours == theirs
    for name in ours - {"text"}:
        theirs_of, ours_of = (inspect.signature(getattr(of, name)) for of in (JobContext, SyncJobContext))
        assert theirs_of.parameters == ours_of.parameters


async def test_it_tells_about_its_job() -> None:
    def work(job: SyncJobContext[Any]) -> object:
        return job.job_id, job.input, job.attempt, job.partial, job.text, job.usage

    job = context(CollectingSink(), given={"a": 1}, partial="One", continues=True)
    assert await run(work, job) == ("j" * 20, {"a": 1}, 1, "One", "One", None)


async def test_what_it_publishes_is_published_when_the_call_returns() -> None:
    sink = CollectingSink()

    def work(job: SyncJobContext[Any]) -> str:
        job.on_chunk("One", step="s", model="m")
        assert sink.chunks == ["One"]
        job.progress(50, "half", {"left": 1})
        assert sink.progressed == [(50.0, "half", {"left": 1})]
        return job.text

    assert await run(work, context(sink)) == "One"
    assert sink.metadata == [ChunkMetadata(step="s", model="m")]


async def test_stream_publishes_and_gives_each_piece() -> None:
    def work(job: SyncJobContext[Any]) -> object:
        pieces = list(job.stream("Count", step="s", model="mine", max_tokens=9, temperature=0.5))
        return pieces, job.text, job.usage

    backend = Reciting(TextDelta("One"), TextDelta(" two"), DONE)
    job = context(sink := CollectingSink(), backend)
    assert await run(work, job) == (["One", " two"], "One two", DONE.usage)
    assert sink.chunks == ["One", " two"]
    (asked,) = backend.asked
    assert (asked.model, asked.max_tokens, asked.temperature) == ("mine", 9, 0.5)


async def test_pieces_are_read_when_they_are_wanted_and_by_one_task() -> None:
    far = []

    def work(job: SyncJobContext[Any]) -> None:
        for _ in job.stream("x"):
            far.append(backend.read)

    backend = Counting(4)
    await run(work, context(CollectingSink(), backend))
    assert far == [1, 2, 3, 4]
    assert len(backend.readers) == 1


async def test_a_stream_that_is_never_read_asks_nothing() -> None:
    backend = Counting(1)
    await run(lambda job: job.stream("x"), context(CollectingSink(), backend))
    assert backend.read == 0


@pytest.mark.parametrize("way", ["break", "close"])
async def test_leaving_a_stream_ends_its_request_while_the_agent_goes_on(way: str) -> None:
    def leave(job: SyncJobContext[Any]) -> None:
        for _ in job.stream("x"):
            break

    def close(job: SyncJobContext[Any]) -> None:
        pieces = job.stream("x")
        next(pieces)
        pieces.close()

    def work(job: SyncJobContext[Any]) -> int:
        (leave if way == "break" else close)(job)
        job.check()
        return backend.closed

    backend = Counting(3)
    assert await run(work, context(sink := CollectingSink(), backend)) == 1
    assert sink.chunks == ["1"]


async def test_streams_may_be_read_side_by_side() -> None:
    def work(job: SyncJobContext[Any]) -> object:
        return list(zip(job.stream("x"), job.stream("y"), strict=True))

    assert await run(work, context(CollectingSink(), Counting(2))) == [("1", "1"), ("2", "2")]


async def test_threads_of_the_agents_own_may_share_it() -> None:
    def work(job: SyncJobContext[Any]) -> str:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(job.on_chunk, "abcdefgh" * 20))
        return job.text

    text = await run(work, context(sink := CollectingSink()))
    assert "".join(sink.chunks) == text
    assert sorted(text) == sorted("abcdefgh" * 20)


async def test_errors_come_through_as_themselves() -> None:
    def work(job: SyncJobContext[Any]) -> None:
        with pytest.raises(TypeError, match="on_chunk takes a str, not int"):
            job.on_chunk(1)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="from 0 to 100"):
            job.progress(101)
        with pytest.raises(ValueError, match="cannot be asked of a model"):
            job.stream([])
        with pytest.raises(BackendIncomplete):
            list(job.stream("x"))
        job.on_chunk("!")

    backend = Reciting(TextDelta("half an"))
    await run(work, context(sink := CollectingSink(), backend))
    assert sink.chunks == ["half an", "!"]
    assert backend.closed == 1


async def test_a_call_from_the_loops_own_thread_is_refused_in_words() -> None:
    job: SyncJobContext[Any] = await run(lambda job: job, context(CollectingSink()))
    for use in (lambda: job.on_chunk("x"), job.check, lambda: next(job.stream("x"))):
        with pytest.raises(RuntimeError, match="would wait for itself: call this from the agent's own"):
            use()


async def test_check_waits_while_the_job_is_paused() -> None:
    job = context(sink := PausableSink())
    sink.pause()
    running = asyncio.create_task(run(lambda job: job.check(), job))
    await eventually(lambda: sink.held)
    sink.resume()
    assert await running is None
