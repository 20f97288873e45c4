"""Context: what an agent publishes, and how it asks its backend."""

import asyncio
from enum import StrEnum
from typing import Any

import pytest
from structlog.testing import capture_logs

from agents import (
    BackendIncomplete,
    BackendRejected,
    ChatMessage,
    Finished,
    JobContext,
    Scripted,
    TextDelta,
)
from shared_events.contract import JobRequest
from shared_events.events import ChunkMetadata, Usage
from tests.agents.collecting import CollectingSink, Reciting, context

DONE = Finished("stop", Usage(input_tokens=2, output_tokens=1))


class Step(StrEnum):
    DRAFT = "draft"


class Shout(str):
    pass


async def drain(job: JobContext[Any], *arguments: Any, **options: Any) -> list[str]:
    return [piece async for piece in job.stream(*arguments, **options)]


async def test_a_context_tells_about_its_job() -> None:
    request = JobRequest(job_id="j" * 20, agent="x", input={"a": 1}, owner="dev")
    job = JobContext(request=request, input={"a": 1}, attempt=2, sink=CollectingSink(), backends={})
    assert (job.job_id, job.input, job.attempt, job.text, job.usage) == ("j" * 20, {"a": 1}, 2, "", None)


async def test_chunks_are_published_in_order_and_add_up_to_the_text() -> None:
    job = context(sink := CollectingSink())
    await job.on_chunk("One")
    await job.on_chunk("")
    await job.on_chunk(" two", step="counting", model="m")
    assert sink.chunks == ["One", " two"]
    assert sink.metadata == [None, ChunkMetadata(step="counting", model="m")]
    assert job.text == "One two"


async def test_chunks_tell_their_pace() -> None:
    now = iter(range(100))
    request = JobRequest(job_id="j" * 20, agent="x", input=None, owner="dev")
    sink = CollectingSink()
    job = JobContext(
        request=request, input=None, attempt=1, sink=sink, backends={}, clock=lambda: next(now) / 8
    )
    for number in range(10):
        await job.on_chunk(str(number))
    assert sink.metadata[0] is None
    assert sink.metadata[-1] == ChunkMetadata(tokens_per_sec=8.0)


async def test_a_surrogate_pair_cut_in_two_is_published_whole() -> None:
    job = context(sink := CollectingSink())
    await job.on_chunk("\ud83c")
    await job.on_chunk("\udf31!\ud83d")
    await job.finish()
    assert sink.chunks == ["🌱!", "\ufffd"]
    assert job.text == "🌱!\ufffd"


async def test_finish_publishes_nothing_when_nothing_is_held() -> None:
    job = context(sink := CollectingSink())
    await job.on_chunk("a")
    await job.finish()
    assert sink.chunks == ["a"]


async def test_subclasses_of_str_are_published_as_plain_strings() -> None:
    job = context(sink := CollectingSink())
    await job.on_chunk(Shout("HEY"), step=Step.DRAFT, model=Shout("M\ud83d"))
    metadata = sink.metadata[0]
    assert metadata == ChunkMetadata(step="draft", model="M\ufffd")
    assert {type(sink.chunks[0]), type(metadata.step), type(metadata.model)} == {str}


async def test_parts_that_publish_side_by_side_keep_text_and_log_alike() -> None:
    class Slow(CollectingSink):
        async def chunk(self, text: str, metadata: ChunkMetadata | None) -> None:
            for _ in range(len(text)):
                await asyncio.sleep(0)
            await super().chunk(text, metadata)

    job = context(sink := Slow())
    await asyncio.gather(*(job.on_chunk("x" * (10 - number)) for number in range(10)))
    assert "".join(sink.chunks) == job.text
    assert [len(chunk) for chunk in sink.chunks] == list(range(10, 0, -1))


@pytest.mark.parametrize("text", [None, 1, b"x", ["x"]])
async def test_a_chunk_that_is_no_string_is_refused(text: Any) -> None:
    job = context(sink := CollectingSink())
    with pytest.raises(TypeError, match=f"on_chunk takes a str, not {type(text).__name__}"):
        await job.on_chunk(text)
    assert sink.chunks == []


@pytest.mark.parametrize("label", ["step", "model"])
async def test_a_label_that_is_no_string_is_refused(label: str) -> None:
    with pytest.raises(TypeError, match=f"{label} must be a str or None, not int"):
        await context(CollectingSink()).on_chunk("x", **{label: 1})  # type: ignore[arg-type]


async def test_progress_is_published() -> None:
    job = context(sink := CollectingSink())
    await job.progress(0)
    await job.progress(99.5, "almost", {"left": 1})
    assert sink.progressed == [(0.0, None, None), (99.5, "almost", {"left": 1})]


@pytest.mark.parametrize(
    ("percent", "error"),
    [
        *((percent, ValueError) for percent in (-0.1, 100.1, 10**400, float("nan"), float("inf"))),
        *((percent, TypeError) for percent in (True, "50", None)),
    ],
)
async def test_progress_outside_0_to_100_is_refused(percent: Any, error: type[Exception]) -> None:
    job = context(sink := CollectingSink())
    with pytest.raises(error, match="progress takes a number from 0 to 100"):
        await job.progress(percent)
    assert sink.progressed == []


async def test_progress_metadata_must_be_a_dict() -> None:
    with pytest.raises(TypeError, match="metadata as a dict or None, not list"):
        await context(CollectingSink()).progress(1, None, [1])  # type: ignore[arg-type]


async def test_stream_publishes_and_yields_each_piece() -> None:
    backend = Reciting(TextDelta("One"), TextDelta(" two"), DONE)
    job = context(sink := CollectingSink(), backend)
    assert await drain(job, "Count", step="s") == sink.chunks == ["One", " two"]
    assert sink.metadata == [ChunkMetadata(step="s", model="m")] * 2
    assert job.text == "One two"
    assert job.usage == DONE.usage
    assert backend.asked[0].messages == (ChatMessage("user", "Count"),)


async def test_stream_yields_joined_surrogates() -> None:
    backend = Reciting(TextDelta("\ud83c"), TextDelta("\udf31"), DONE)
    job = context(sink := CollectingSink(), backend)
    assert await drain(job, "x") == sink.chunks == ["🌱"]


async def test_the_usage_of_several_streams_adds_up() -> None:
    job = context(CollectingSink(), Reciting(DONE))
    await drain(job, "x")
    await drain(job, "x")
    assert job.usage == Usage(input_tokens=4, output_tokens=2)


async def test_what_is_not_given_is_taken_from_the_request() -> None:
    backend = Reciting(DONE)
    job = context(CollectingSink(), backend, model="theirs", max_tokens=9, temperature=0.0)
    await drain(job, "x")
    await drain(job, "x", model="mine", max_tokens=1, temperature=1.0)
    assert [(r.model, r.max_tokens, r.temperature) for r in backend.asked] == [
        ("theirs", 9, 0.0),
        ("mine", 1, 1.0),
    ]


async def test_chunks_name_the_model_that_was_asked() -> None:
    for given, backend, told in (
        (None, Reciting(TextDelta("x"), DONE, models=("first", "second")), "first"),
        ("theirs", Reciting(TextDelta("x"), DONE), "theirs"),
    ):
        job = context(sink := CollectingSink(), backend, model=given)
        await drain(job, "x")
        assert sink.metadata == [ChunkMetadata(model=told)]
    job = context(sink := CollectingSink(), Reciting(TextDelta("x"), DONE, models=()))
    await drain(job, "x")
    assert sink.metadata == [None]


async def test_the_first_backend_is_the_default_and_the_request_may_choose() -> None:
    first, second = Reciting(TextDelta("1st"), DONE), Scripted()
    assert await drain(context(CollectingSink(), first, second), "x") == ["1st"]
    chosen = context(CollectingSink(), first, second, backend="scripted", model="count-2@100000")
    assert await drain(chosen, "x") == ["1", " 2"]


async def test_an_unknown_backend_is_refused_with_what_there_is() -> None:
    job = context(CollectingSink(), Reciting(DONE), Scripted(), backend="nobody")
    with pytest.raises(BackendRejected, match=r"no backend 'nobody'\. Known: reciting, scripted"):
        await drain(job, "x")


async def test_what_cannot_be_asked_is_refused_at_the_call() -> None:
    job = context(CollectingSink(), Reciting(DONE))
    with pytest.raises(ValueError, match="cannot be asked of a model"):
        job.stream([])
    with pytest.raises(ValueError, match=r"Expected `str \| null`, got `int` - at `\$.step`"):
        job.stream("x", step=1)  # type: ignore[arg-type]


async def test_an_answer_without_its_end_is_a_failure_that_keeps_the_text() -> None:
    job = context(CollectingSink(), Reciting(TextDelta("half an")))
    with pytest.raises(BackendIncomplete, match="'reciting' ended without saying"):
        await drain(job, "x")
    assert job.text == "half an"


async def test_closing_the_stream_closes_the_backends() -> None:
    backend = Reciting(TextDelta("1"), TextDelta("2"), DONE)
    pieces = context(CollectingSink(), backend).stream("x")
    assert await anext(pieces) == "1"
    assert backend.closed == 0
    await pieces.aclose()
    assert backend.closed == 1


async def test_an_error_of_the_sink_ends_the_stream() -> None:
    class Full(CollectingSink):
        async def chunk(self, text: str, metadata: ChunkMetadata | None) -> None:
            raise RuntimeError("full")

    backend = Reciting(TextDelta("1"), DONE)
    with pytest.raises(RuntimeError, match="full"):
        await drain(context(Full(), backend), "x")
    assert backend.closed == 1


async def test_what_earlier_attempts_left_is_told_and_continued_where_the_agent_wants_it() -> None:
    first = context(CollectingSink())
    anew = context(sink := CollectingSink(), partial="One two")
    on = context(CollectingSink(), partial="One two", continues=True)
    for job in (first, anew, on):
        await job.on_chunk(" three")
    assert [job.partial for job in (first, anew, on)] == ["", "One two", "One two"]
    assert [job.text for job in (first, anew, on)] == [" three", " three", "One two three"]
    assert sink.chunks == [" three"]


async def test_text_keeps_every_kind_of_line_end() -> None:
    job = context(CollectingSink(), partial="a\r\nb", continues=True)
    await job.on_chunk("\rc\n\u2028")
    assert job.text == "a\r\nb\rc\n\u2028"


async def test_a_stream_that_nobody_reads_is_told_to_its_author() -> None:
    """Without `async for` nothing is asked, and the job ended well and empty without a word."""
    for read, warned in ((False, ["stream_never_read"]), (True, [])):
        job = context(CollectingSink(), Reciting(TextDelta("x"), DONE))
        stream = job.stream("x")
        await job.ask("y")
        if read:
            assert [piece async for piece in stream] == ["x"]
        with capture_logs() as logs:
            await job.finish()
        await stream.aclose()
        assert [entry["event"] for entry in logs] == warned
