"""Asking: what a question leaves open, how an answer that is not published is read, what is told of it."""

from typing import Any

import pytest

from agents import (
    BackendRejected,
    Finished,
    ReasoningDelta,
    TextDelta,
    Tool,
    ToolCall,
    ToolCallDelta,
)
from shared_events.events import Usage
from tests.agents.collecting import CollectingSink, Reciting, context

DONE = Finished("stop", Usage(input_tokens=2, output_tokens=1))
FIND = Tool("find", "Finds.", {"type": "object"})


async def test_asking_gives_the_whole_answer_and_publishes_nothing() -> None:
    job = context(sink := CollectingSink(), Reciting(TextDelta("One"), TextDelta(" two"), DONE))
    reply = await job.ask("Count.")
    assert (reply.text, reply.finish_reason, reply.usage, reply.backend, reply.model) == (
        "One two",
        "stop",
        DONE.usage,
        "reciting",
        "m",
    )
    assert (sink.chunks, job.text, job.usage) == ([], "", DONE.usage)


async def test_asking_publishes_where_it_is_told_to() -> None:
    job = context(sink := CollectingSink(), Reciting(TextDelta("One"), DONE))
    assert str(await job.ask("Count.", publish=True, step="s")) == job.text == "One"
    (metadata,) = sink.metadata
    assert metadata is not None
    assert (metadata.step, metadata.model) == ("s", "m")


async def test_an_unpublished_stream_joins_surrogates_too() -> None:
    job = context(CollectingSink(), Reciting(TextDelta("a\ud83c"), TextDelta("\udf31b\ud83c"), DONE))
    pieces = [piece async for piece in job.stream("x", publish=False)]
    assert "".join(pieces) == "a🌱b\ufffd"
    assert all(piece.isprintable() for piece in pieces)


async def test_reasoning_is_told_and_never_published() -> None:
    told: list[str] = []
    job = context(sink := CollectingSink(), Reciting(ReasoningDelta("Hm."), TextDelta("Yes"), DONE))
    reply = await job.ask("x", publish=True, on_reasoning=told.append)
    assert (told, reply.reasoning, sink.chunks) == (["Hm."], "Hm.", ["Yes"])


async def test_reasoning_may_be_told_to_a_coroutine() -> None:
    job = context(sink := CollectingSink(), Reciting(ReasoningDelta("Hm."), TextDelta("Yes"), DONE))

    async def thinking(_: str) -> None:
        await job.progress(0, "thinking")

    await job.ask("x", on_reasoning=thinking)
    assert sink.progressed == [(0.0, "thinking", None)]


async def test_tools_are_offered_and_calls_come_back() -> None:
    backend = Reciting(ToolCallDelta(0, "a", "find", '{"q": "x"}'), Finished("tool_calls"))
    reply = await context(CollectingSink(), backend).ask("x", tools=[FIND])
    assert reply.tool_calls == (ToolCall("a", "find", '{"q": "x"}'),)
    assert backend.asked[0].tools == (FIND,)


async def test_what_a_tool_gave_goes_back_in_the_conversation() -> None:
    backend = Reciting(TextDelta("x"), DONE)
    call = ToolCall("a", "find", "{}")
    messages: list[Any] = [
        {"role": "user", "content": "?"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "content": "!", "tool_call_id": "a"},
    ]
    await context(CollectingSink(), backend).ask(messages)
    _, asked, gave = backend.asked[0].messages
    assert (asked.tool_calls, gave.tool_call_id) == ((call,), "a")


@pytest.mark.parametrize(
    ("asking", "request_fields", "expected"),
    [
        ({}, {}, (None, None, None)),
        ({}, {"model": "r", "max_tokens": 5, "temperature": 0.5}, ("r", 5, 0.5)),
        ({"model": "q", "max_tokens": 7, "temperature": 0.0}, {"model": "r", "max_tokens": 5}, ("q", 7, 0.0)),
    ],
)
async def test_what_a_question_leaves_open_the_jobs_request_says(
    asking: Any, request_fields: Any, expected: tuple[Any, ...]
) -> None:
    backend = Reciting(TextDelta("x"), DONE)
    await context(CollectingSink(), backend, **request_fields).ask("x", **asking)
    (asked,) = backend.asked
    assert (asked.model, asked.max_tokens, asked.temperature) == expected


async def test_a_question_may_name_its_backend() -> None:
    first, second = Reciting(TextDelta("1"), DONE), Reciting(TextDelta("2"), DONE)
    second.name = "second"
    job = context(CollectingSink(), first, second, backend="reciting")
    assert str(await job.ask("x", backend="second")) == "2"
    with pytest.raises(BackendRejected, match="no backend 'third'"):
        await job.ask("x", backend="third")
