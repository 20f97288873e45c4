"""Requests: what goes to an Ollama server."""

from typing import Any

import msgspec
import pytest

from agents import ChatMessage, ChatRequest
from agents.backends.dialect import Call
from agents.backends.dialects import ollama_request
from agents.backends.protocol import Tool, ToolCall
from agents.errors import BackendRejected

HI = (ChatMessage("user", "Hi 🌱"),)


def body(request: ChatRequest, *, stream: bool = True) -> Any:
    call = Call(request.model or "default", "localhost", stream)
    return msgspec.json.decode(msgspec.json.encode(ollama_request.body(request, call)))


@pytest.mark.parametrize("stream", [True, False])
def test_it_says_whether_it_wants_a_stream_and_leaves_the_rest_to_the_model(stream: bool) -> None:
    assert body(ChatRequest(HI), stream=stream) == {
        "model": "default",
        "messages": [{"role": "user", "content": "Hi 🌱"}],
        "stream": stream,
    }


def test_limits_are_options_and_a_schema_is_the_format() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    asked = body(ChatRequest(HI, model="m", max_tokens=7, temperature=0.0, json_schema=schema))
    assert asked["options"] == {"num_predict": 7, "temperature": 0.0}
    assert asked["format"] == schema
    assert asked["model"] == "m"


def test_tools_are_functions() -> None:
    tool = Tool("rain", "Whether it rains.", {"type": "object"})
    (asked,) = body(ChatRequest(HI, tools=(tool,)))["tools"]
    assert asked == {
        "type": "function",
        "function": {"name": "rain", "description": "Whether it rains.", "parameters": {"type": "object"}},
    }


def test_a_tools_result_goes_back_under_the_tools_name_of_the_latest_call() -> None:
    def called(name: str, result: str) -> tuple[ChatMessage, ChatMessage]:
        calls = (ToolCall("call_0", name, '{"city": "Köln"}'),)
        return ChatMessage("assistant", "", calls), ChatMessage("tool", result, tool_call_id="call_0")

    messages = body(ChatRequest((*HI, *called("rain", "yes"), *called("sun", "no"))))["messages"]
    assert messages[1]["tool_calls"] == [{"function": {"name": "rain", "arguments": {"city": "Köln"}}}]
    assert messages[2] == {"role": "tool", "content": "yes", "tool_name": "rain"}
    assert messages[4] == {"role": "tool", "content": "no", "tool_name": "sun"}


def test_a_call_without_arguments_has_an_empty_object() -> None:
    message = ChatMessage("assistant", "", (ToolCall("c", "rain", ""),))
    assert body(ChatRequest((message,)))["messages"][0]["tool_calls"][0]["function"]["arguments"] == {}


@pytest.mark.parametrize("arguments", ["[]", "{", "\ud83c", "[" * 100_000])
def test_arguments_that_are_no_object_are_refused(arguments: str) -> None:
    message = ChatMessage("assistant", "", (ToolCall("c7", "rain", arguments),))
    with pytest.raises(BackendRejected, match="arguments of the tool call 'c7' are no JSON object"):
        body(ChatRequest((message,)))
