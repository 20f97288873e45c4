"""Answers as structs: what does not fit is repaired by one further turn, and no more than one."""

import json

import msgspec
import pytest

from agents import BackendIncomplete, ChatMessage, Finished, InvalidReply, JobContext
from agents.asking.structured import structured
from shared_events.events import ChunkMetadata
from tests.agents.collecting import CollectingSink, Reciting, context
from tests.agents.in_turn import InTurn, Says


class Point(msgspec.Struct, frozen=True):
    x: int
    y: int


GOOD = '{"x": 1, "y": 2}'


def asking(*answers: str | Says) -> tuple[JobContext[None], InTurn, CollectingSink]:
    backend, sink = InTurn(*answers), CollectingSink()
    return context(sink, backend), backend, sink


async def test_an_answer_that_fits_is_the_struct_and_nothing_is_published() -> None:
    job, backend, sink = asking(f"Here it is:\n```json\n{GOOD}\n```")
    assert await structured(job, "Where?", Point) == Point(1, 2)
    assert (sink.chunks, job.text, len(backend.asked)) == ([], "", 1)


async def test_the_schema_is_said_in_the_prompt_and_asked_for() -> None:
    job, backend, _ = asking(GOOD)
    await structured(job, [ChatMessage("system", "Short."), ChatMessage("user", "Where?")], Point)
    (asked,) = backend.asked
    assert asked.json_schema is not None
    assert asked.json_schema["required"] == ["x", "y"]
    assert [message.role for message in asked.messages] == ["system", "user"]
    prompt = asked.messages[-1].content
    assert prompt.startswith("Where?\n\nAnswer with one JSON object that fits this JSON Schema")
    assert json.loads(prompt[prompt.index("{") :]) == asked.json_schema


@pytest.mark.parametrize("broken", ['{"x": 1, "y', '{"x": 1}', "I would rather not.", ""])
async def test_an_answer_that_does_not_fit_is_repaired_with_one_turn(broken: str) -> None:
    job, backend, _ = asking(broken, GOOD)
    assert await structured(job, "Where?", Point) == Point(1, 2)
    first, second = backend.asked
    assert second.messages[: len(first.messages)] == first.messages
    shown, told = second.messages[len(first.messages) :]
    assert shown == ChatMessage("assistant", broken or "(nothing)")
    assert told.content.startswith("This cannot be used: ")
    assert second.json_schema == first.json_schema


async def test_the_repair_is_told_what_was_wrong() -> None:
    job, backend, _ = asking('{"x": 1, "y": "two"}', GOOD)
    await structured(job, "Where?", Point)
    assert "Expected `int`, got `str` - at `$.y`" in backend.prompts[1]


async def test_a_second_answer_that_does_not_fit_ends_it_without_saying_the_prompt() -> None:
    job, backend, _ = asking("no", '{"x": 1}')
    with pytest.raises(
        InvalidReply, match=r"in the form that it was asked for, twice: .*field `y`"
    ) as raised:
        await structured(job, "a secret prompt", Point)
    assert "secret" not in str(raised.value)
    assert (raised.value.code, raised.value.retryable) == ("invalid_reply", False)
    assert len(backend.asked) == 2


async def test_an_error_of_the_model_is_no_reason_to_repair() -> None:
    job, backend, _ = asking(Says('{"x": 1', breaks=BackendIncomplete("It broke.")))
    with pytest.raises(BackendIncomplete):
        await structured(job, "Where?", Point)
    assert len(backend.asked) == 1


async def test_json_that_was_cut_is_gone_on_with() -> None:
    job, backend, _ = asking(Says('{"x": 1, "y', reason="length"), '": 2}')
    assert await structured(job, "Where?", Point) == Point(1, 2)
    assert len(backend.asked) == 2


async def test_published_json_is_taken_back_before_its_repair() -> None:
    job, _, sink = asking("none", GOOD)
    await job.on_chunk("Point: ")
    await structured(job, "Where?", Point, publish=True, step="asking")
    assert job.text == f"Point: {GOOD}"
    assert sink.kept == ["Point: "]
    assert sink.metadata[-1] == ChunkMetadata(step="asking", model="m")


async def test_the_usage_of_both_turns_counts() -> None:
    job, _, _ = asking("no", GOOD)
    await structured(job, "Where?", Point)
    assert job.usage is not None
    assert job.usage.output_tokens == 2


async def test_nothing_at_all_is_repaired_too() -> None:
    job = context(CollectingSink(), backend := Reciting(Finished("stop")))
    with pytest.raises(InvalidReply, match="no JSON object"):
        await structured(job, "Where?", Point)
    assert len(backend.asked) == 2
