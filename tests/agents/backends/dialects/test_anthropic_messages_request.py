"""Requests: what goes to a server that speaks like Anthropic's."""

from typing import Any

import msgspec
import pytest

from agents import BackendRejected, ChatMessage, ChatRequest
from agents.backends.dialect import Call
from agents.backends.dialects import anthropic_messages_request
from agents.backends.protocol import ToolCall
from tests.agents.backends.dialects.conversation import CONVERSATION, SCHEMA, WEATHER

HI = (ChatMessage("user", "Hi 🌱"),)


def body(request: ChatRequest, host: str = "localhost", *, stream: bool = True) -> dict[str, Any]:
    asked = anthropic_messages_request.body(request, Call("m", host, stream))
    decoded: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(asked))
    return decoded


def test_it_asks_for_a_stream_with_a_limit() -> None:
    assert body(ChatRequest(HI)) == {
        "model": "m",
        "max_tokens": 8192,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi 🌱"}]}],
        "stream": True,
    }


def test_a_whole_answer_is_asked_for_without_a_word_of_streams() -> None:
    assert "stream" not in body(ChatRequest(HI), stream=False)


def test_system_messages_stand_apart_and_neighbours_are_one_turn() -> None:
    asked = body(ChatRequest(CONVERSATION, tools=(WEATHER,)))
    assert asked["system"] == "Be short.\n\nBe kind."
    assert asked["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": text} for text in ("Hi 🌱", "Weather?")]},
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "I look."},
                {"type": "tool_use", "id": "c1", "name": "weather", "input": {"city": "Ulm"}},
                {"type": "tool_use", "id": "c2", "name": "weather", "input": {}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "c1", "content": "Rain"},
                {"type": "tool_result", "tool_use_id": "c2", "content": ""},
                {"type": "text", "text": "And?"},
            ],
        },
    ]
    assert asked["tools"] == [{"name": "weather", "description": "Looks outside.", "input_schema": SCHEMA}]


@pytest.mark.parametrize(("ours", "theirs"), [(0.0, 0.0), (0.7, 0.7), (1.0, 1.0), (2.0, 1.0)])
def test_a_temperature_that_the_protocol_does_not_know_is_its_highest(ours: float, theirs: float) -> None:
    asked = body(ChatRequest(HI, temperature=ours, max_tokens=7))
    assert (asked["temperature"], asked["max_tokens"]) == (theirs, 7)


def test_an_empty_text_is_not_sent() -> None:
    calls = ChatMessage("assistant", "", tool_calls=(ToolCall("c", "f", "{}"),))
    asked = body(ChatRequest((ChatMessage("system", ""), *HI, ChatMessage("assistant", ""), *HI, calls)))
    assert "system" not in asked
    assert [turn["role"] for turn in asked["messages"]] == ["user", "user", "assistant"]
    assert [block["type"] for block in asked["messages"][-1]["content"]] == ["tool_use"]


def test_a_schema_goes_to_anthropic_only() -> None:
    request = ChatRequest(HI, json_schema=SCHEMA)
    assert "output_config" not in body(request)
    asked = body(request, "api.anthropic.com")
    known = {**SCHEMA, "additionalProperties": False}
    assert asked["output_config"] == {"format": {"type": "json_schema", "schema": known}}


def test_a_schema_that_anthropic_cannot_be_told_is_left_out() -> None:
    assert "output_config" not in body(ChatRequest(HI, json_schema={"type": "object"}), "api.anthropic.com")


@pytest.mark.parametrize("arguments", ["no", "[]", '{"a":', "[" * 100_000])
def test_arguments_that_are_no_object_are_refused(arguments: str) -> None:
    message = ChatMessage("assistant", "", tool_calls=(ToolCall("c", "f", arguments),))
    with pytest.raises(BackendRejected, match="no JSON object"):
        body(ChatRequest((message,)))
