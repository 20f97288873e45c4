"""Recited answers: what a test says is what the agent's backend streams."""

import pytest

from agents import (
    Answer,
    BackendRateLimited,
    Finished,
    ReasoningDelta,
    Recited,
    TextDelta,
    ToolCall,
    ToolCallDelta,
)
from agents.trials.recited import deltas_of
from tests.agents.collecting import answer, asking, end_of, text_of


async def test_a_text_comes_word_by_word_and_ends_as_an_answer_does() -> None:
    deltas = await answer(Recited("Rain falls softly."), asking("?"))
    assert [delta.text for delta in deltas if isinstance(delta, TextDelta)] == ["Rain", " falls", " softly."]
    end = end_of(deltas)
    assert end.reason == "stop"
    assert end.usage is not None
    assert end.usage.estimated


async def test_texts_come_as_they_are_among_other_deltas() -> None:
    items: Answer = ["One two", ReasoningDelta("hm"), " three", Finished("length")]
    deltas = list(deltas_of(items))
    assert deltas == [TextDelta("One two"), ReasoningDelta("hm"), TextDelta(" three"), Finished("length")]


def test_calls_of_tools_are_numbered_and_end_the_answer() -> None:
    calls = [ToolCall("a", "weather", "{}"), ToolCall("b", "time", "{}")]
    assert list(deltas_of(calls)) == [
        ToolCallDelta(0, "a", "weather", "{}"),
        ToolCallDelta(1, "b", "time", "{}"),
        Finished("tool_calls"),
    ]


async def test_each_question_gets_the_next_answer_and_is_noted() -> None:
    backend = Recited("One", "Two")
    questions = [asking("first"), asking("second")]
    assert [text_of(await answer(backend, question)) for question in questions] == ["One", "Two"]
    assert backend.asked == questions


async def test_a_function_may_answer() -> None:
    backend = Recited(lambda request: request.messages[0].content.upper())
    assert text_of(await answer(backend, asking("rain"))) == "RAIN"
    assert text_of(await answer(backend, asking("sun"))) == "SUN"


async def test_an_error_is_raised_where_it_stands() -> None:
    heard: list[str] = []
    with pytest.raises(BackendRateLimited):
        async for delta in Recited(["half", BackendRateLimited("busy")]).stream(asking("?")):
            assert isinstance(delta, TextDelta)
            heard.append(delta.text)
    assert heard == ["half"]


async def test_a_question_too_many_is_said_to_be_one() -> None:
    backend = Recited("One")
    await answer(backend, asking("?"))
    with pytest.raises(AssertionError, match="asked a model 2 times, but the test has 1 answer for it"):
        await answer(backend, asking("?"))
    with pytest.raises(AssertionError, match="asked a model once, but the test has no answers for it"):
        await answer(Recited(), asking("?"))


def test_what_is_no_answer_is_refused() -> None:
    with pytest.raises(TypeError, match="made of texts, ToolCalls, deltas and errors, not of int"):
        list(deltas_of([1]))  # type: ignore[list-item]
