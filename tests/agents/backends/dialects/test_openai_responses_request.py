"""Requests: what goes to a server of OpenAI's Responses."""

from typing import Any

import msgspec
import pytest

from agents import ChatMessage, ChatRequest
from agents.backends.dialect import Call
from agents.backends.dialects import openai_responses_request
from tests.agents.backends.dialects.conversation import CONVERSATION, SCHEMA, WEATHER

HI = (ChatMessage("user", "Hi 🌱"),)


def body(request: ChatRequest, *, stream: bool = True) -> dict[str, Any]:
    asked = openai_responses_request.body(request, Call("m", "localhost", stream))
    decoded: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(asked))
    return decoded


def test_it_asks_for_a_stream_that_nobody_keeps() -> None:
    assert body(ChatRequest(HI)) == {
        "model": "m",
        "input": [{"type": "message", "role": "user", "content": "Hi 🌱"}],
        "store": False,
        "stream": True,
    }


def test_a_whole_answer_is_asked_for_without_a_word_of_streams() -> None:
    assert "stream" not in body(ChatRequest(HI), stream=False)


def test_system_messages_are_instructions_and_calls_are_items() -> None:
    asked = body(ChatRequest(CONVERSATION, tools=(WEATHER,)))
    assert asked["instructions"] == "Be short.\n\nBe kind."
    assert asked["input"] == [
        {"type": "message", "role": "user", "content": "Hi 🌱"},
        {"type": "message", "role": "user", "content": "Weather?"},
        {"type": "message", "role": "assistant", "content": "I look."},
        {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": '{"city":"Ulm"}'},
        {"type": "function_call", "call_id": "c2", "name": "weather", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "Rain"},
        {"type": "function_call_output", "call_id": "c2", "output": ""},
        {"type": "message", "role": "user", "content": "And?"},
    ]
    tool = {"name": "weather", "description": "Looks outside.", "parameters": SCHEMA, "strict": False}
    assert asked["tools"] == [{"type": "function", **tool}]


@pytest.mark.parametrize(("ours", "theirs"), [(1, 16), (16, 16), (17, 17)])
def test_a_limit_is_at_least_the_lowest_that_openai_takes(ours: int, theirs: int) -> None:
    asked = body(ChatRequest(HI, temperature=0.0, max_tokens=ours))
    assert (asked["temperature"], asked["max_output_tokens"]) == (0.0, theirs)


def test_a_schema_is_asked_for() -> None:
    asked = body(ChatRequest(HI, json_schema=SCHEMA))
    format_ = {"type": "json_schema", "name": "answer", "schema": SCHEMA, "strict": False}
    assert asked["text"] == {"format": format_}
