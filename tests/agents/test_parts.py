"""Parts: an agent works for another one, in the same attempt and on the same text."""

import asyncio
from typing import Any

import msgspec
import pytest

from agents import (
    AgentError,
    BackendRateLimited,
    BackendRejected,
    Finished,
    JobContext,
    Part,
    PartTimeout,
    Retry,
    SyncJobContext,
    TextDelta,
    agent,
    run_agent,
)
from agents.parts import DEEPEST
from shared_events.events import ChunkMetadata, Usage
from tests.agents.collecting import CollectingSink, PausableSink, Reciting, context
from tests.waiting import eventually

DONE = Finished("stop", Usage(input_tokens=2, output_tokens=1))
AT_ONCE = Retry(attempts=3, backoff_s=0.0)


class Word(msgspec.Struct):
    word: str
    fails: int = 0


@agent("say", retry=AT_ONCE)
async def say(job: JobContext[Word]) -> dict[str, int]:
    await job.on_chunk(job.input.word)
    await job.progress(50, "half", {"of": job.input.word})
    if job.attempt <= job.input.fails:
        raise BackendRateLimited("Not now.")
    return {"length": len(job.input.word)}


@agent("say-sync")
def say_sync(job: SyncJobContext[Word]) -> None:
    job.on_chunk(job.input.word, step="own")


@agent("ask")
async def ask(job: JobContext[Any]) -> str:
    return str(await job.ask("What?"))


@agent("slow", timeout_s=1)
async def slow(job: JobContext[Any]) -> None:
    await asyncio.Event().wait()


@agent("deep")
async def deep(job: JobContext[Any]) -> Any:
    return (await job.spawn(deep)).result


async def test_a_parts_text_is_published_with_its_name_and_its_result_comes_back() -> None:
    job = context(sink := CollectingSink())
    part = await job.spawn(say, Word("hello"))
    assert part == Part({"length": 5}, "hello", None)
    assert sink.chunks == ["hello"]
    assert sink.metadata == [ChunkMetadata(step="say")]
    assert job.text == "hello"


async def test_its_chunks_bear_the_step_that_was_given_unless_they_have_their_own() -> None:
    job = context(sink := CollectingSink())
    await job.spawn(say, {"word": "a"}, step="first")
    await job.spawn(say_sync, {"word": "b"}, step="second")
    assert [metadata and metadata.step for metadata in sink.metadata] == ["first", "own"]


async def test_an_unpublished_part_keeps_its_text_to_itself() -> None:
    job = context(sink := CollectingSink())
    part = await job.spawn(say, Word("quiet"), publish=False)
    assert (part.text, sink.chunks, job.text) == ("quiet", [], "")


async def test_its_progress_is_a_range_of_the_wholes() -> None:
    job = context(sink := CollectingSink())
    await job.spawn(say, Word("a"), progress=(20, 40))
    await job.spawn(say, Word("b"))
    assert sink.progressed == [(30.0, "half", {"of": "a"})]


async def test_parts_side_by_side_do_not_mix() -> None:
    job = context(CollectingSink())
    parts = await asyncio.gather(*(job.spawn(say, Word(str(n) * 3), publish=False) for n in range(5)))
    assert [part.text for part in parts] == ["000", "111", "222", "333", "444"]


async def test_what_a_part_asks_of_a_model_counts_for_the_whole() -> None:
    job = context(CollectingSink(), Reciting(TextDelta("yes"), DONE))
    first, second = [await job.spawn(ask) for _ in range(2)]
    assert (first.result, first.usage, second.usage) == ("yes", DONE.usage, DONE.usage)
    assert job.usage == Usage(input_tokens=4, output_tokens=2)


async def test_a_part_that_fails_for_the_moment_takes_its_text_back_and_is_done_again_alone() -> None:
    job = context(sink := CollectingSink())
    await job.on_chunk("Before. ")
    part = await job.spawn(say, Word("word", fails=2))
    assert part.result == {"length": 4}
    assert job.text == "Before. word"
    assert sink.kept == ["Before. ", "Before. "]


async def test_a_part_whose_text_was_written_on_cannot_be_done_again() -> None:
    @agent("mixed", retry=AT_ONCE)
    async def mixed(part: JobContext[Any]) -> None:
        await part.on_chunk("Part.")
        await job.on_chunk("Whole.")
        raise BackendRateLimited("Not now.")

    job = context(CollectingSink())
    with pytest.raises(BackendRateLimited):
        await job.spawn(mixed)
    assert job.text == "Part.Whole."


async def test_a_part_that_fails_for_good_is_not_repeated_and_its_text_stays() -> None:
    @agent("bad", retry=AT_ONCE)
    async def bad(part: JobContext[Any]) -> None:
        await part.on_chunk(f"{part.attempt}")
        raise BackendRejected("Never.")

    job = context(CollectingSink())
    with pytest.raises(BackendRejected):
        await job.spawn(bad)
    assert job.text == "1"


async def test_an_input_that_does_not_fit_is_refused_in_words() -> None:
    job = context(CollectingSink())
    with pytest.raises(
        ValueError, match="does not fit the agent 'say': Object missing required field `word`"
    ):
        await job.spawn(say, {"wrod": "x"})


async def test_a_part_that_takes_too_long_is_ended() -> None:
    job = context(CollectingSink())
    with pytest.raises(PartTimeout, match="'slow' ran longer than 1 s"):
        await job.spawn(slow)


async def test_agents_cannot_work_for_each_other_without_end() -> None:
    with pytest.raises(AgentError, match=f"{DEEPEST} deep"):
        await context(CollectingSink()).spawn(deep)


async def test_a_part_waits_while_the_job_is_paused() -> None:
    job = context(sink := PausableSink(), Reciting(TextDelta("yes"), DONE))
    sink.pause()
    spawned = asyncio.create_task(job.spawn(ask))
    await eventually(lambda: sink.held)
    assert not spawned.done()
    sink.resume()
    assert (await spawned).result == "yes"


async def test_cancelling_the_whole_ends_its_parts() -> None:
    ended: list[str] = []

    @agent("waits")
    async def waits(part: JobContext[Any]) -> None:
        ended.append("began")
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("ended")

    spawned = asyncio.create_task(context(CollectingSink()).spawn(waits))
    await eventually(lambda: ended)
    spawned.cancel()
    with pytest.raises(asyncio.CancelledError):
        await spawned
    assert ended == ["began", "ended"]


async def test_a_plain_def_may_have_a_part_done() -> None:
    @agent("boss")
    def boss(job: SyncJobContext[Any]) -> Any:
        return job.spawn(say, Word("yes")).result

    job = context(CollectingSink())
    assert await run_agent(boss, job) == {"length": 3}
    assert job.text == "yes"


async def test_a_part_takes_back_its_own_text_only() -> None:
    @agent("again")
    async def again(part: JobContext[Any]) -> None:
        await part.on_chunk("one two")
        await part.rewind(3)
        await part.on_chunk(" three")

    job = context(CollectingSink())
    await job.on_chunk("zero ")
    part = await job.spawn(again)
    assert (part.text, job.text) == ("one three", "zero one three")
