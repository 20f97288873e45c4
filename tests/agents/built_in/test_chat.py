"""The `chat` agent: its input, and its answer."""

from typing import Any

import jsonschema
import msgspec
import pytest

from agents import ChatMessage, Finished, ReasoningDelta, TextDelta, load_agents
from agents.built_in.chat import ChatInput, chat
from agents.built_in.conversation import Said
from tests.agents.collecting import CollectingSink, Reciting, context
from tests.agents.in_turn import InTurn, Says

HELLO = {"role": "user", "content": "Hello"}
GOOD: list[Any] = [
    {"prompt": "Hi"},
    {"prompt": "🌱" * 60_000},
    {"messages": [HELLO]},
    {"messages": [{"role": "system", "content": ""}, HELLO, {"role": "assistant", "content": "Hi"}] * 66},
    {"prompt": "Hi", "system": "Be brief.", "historyMessages": 1, "historyTokens": 1_000_000},
]
BAD: list[Any] = [
    {},
    None,
    [],
    "Hi",
    {"prompt": ""},
    {"prompt": "x" * 60_001},
    {"prompt": None},
    {"prompt": 1},
    {"prompt": "Hi", "messages": [HELLO]},
    {"prompt": "Hi", "more": 1},
    {"messages": []},
    {"messages": [HELLO] * 201},
    {"messages": [{"role": "robot", "content": "x"}]},
    {"messages": [{"role": "user"}]},
    {"messages": [{**HELLO, "more": 1}]},
    {"messages": HELLO},
    {"messages": [{"role": "tool", "content": "22 °C", "tool_call_id": "1"}]},
    {"messages": [{**HELLO, "tool_calls": []}]},
    {"prompt": "Hi", "system": ""},
    {"prompt": "Hi", "historyMessages": 0},
    {"prompt": "Hi", "historyMessages": 201},
    {"prompt": "Hi", "historyTokens": 0},
    {"prompt": "Hi", "history_tokens": 10},
]


def accepted_by_schema(given: Any) -> bool:
    validator = jsonschema.Draft202012Validator(load_agents()["chat"].entry().input_schema)
    return bool(validator.is_valid(given))


@pytest.mark.parametrize("given", GOOD)
def test_good_input_is_accepted_by_schema_and_worker(given: Any) -> None:
    assert accepted_by_schema(given)
    msgspec.convert(given, chat.input_type)


@pytest.mark.parametrize("given", BAD)
def test_bad_input_is_refused_by_schema_and_worker(given: Any) -> None:
    assert not accepted_by_schema(given)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(given, chat.input_type)


def test_neither_or_both_is_refused_with_a_sentence() -> None:
    with pytest.raises(msgspec.ValidationError, match="exactly one of `prompt` and `messages` must be given"):
        msgspec.convert({}, ChatInput)


async def test_a_prompt_is_asked_and_its_answer_streamed() -> None:
    backend = Reciting(TextDelta("Hel"), TextDelta("lo"), Finished("stop", None))
    job = context(sink := CollectingSink(), backend, given=ChatInput(prompt="Hi"))
    assert await chat(job) is None
    assert sink.chunks == ["Hel", "lo"]
    assert backend.asked[0].messages == (ChatMessage("user", "Hi"),)


async def test_a_conversation_goes_on() -> None:
    backend = Reciting(Finished("stop", None))
    conversation = [Said("user", "Hi"), Said("assistant", "Hello"), Said("user", "How?")]
    await chat(context(CollectingSink(), backend, given=ChatInput(messages=conversation)))
    assert list(backend.asked[0].messages) == [ChatMessage(one.role, one.content) for one in conversation]


async def test_the_system_prompt_goes_first_and_old_messages_stay_behind() -> None:
    backend = Reciting(Finished("stop", None))
    talk = [Said("user", "Hi"), Said("assistant", "Hello"), Said("user", "How?")]
    given = ChatInput(messages=talk, system="Be brief.", history_messages=2)
    await chat(context(CollectingSink(), backend, given=given))
    assert list(backend.asked[0].messages) == [
        ChatMessage("system", "Be brief."),
        ChatMessage("user", "How?"),
    ]


async def test_an_answer_that_is_cut_is_finished_in_four_turns_at_most() -> None:
    backend = InTurn(*(Says(f"{word} ", reason="length") for word in ("One", "two", "three", "four")))
    job = context(CollectingSink(), backend, given=ChatInput(prompt="Count"))
    await chat(job)
    assert (job.text, len(backend.asked)) == ("One two three four ", 4)


async def test_thinking_is_told_once() -> None:
    thoughts = [ReasoningDelta("Hm"), ReasoningDelta(", so")]
    backend = Reciting(*thoughts, TextDelta("Yes."), Finished("stop", None))
    job = context(sink := CollectingSink(), backend, given=ChatInput(prompt="Really?"))
    await chat(job)
    assert (sink.progressed, sink.chunks) == ([(0, "thinking", None)], ["Yes."])
