"""Requests: what goes to an OpenAI-compatible server."""

import msgspec
import pytest

from agents import ChatMessage, ChatRequest
from agents.backends.dialect import Call
from agents.backends.dialects import openai_chat_request

HI = (ChatMessage("user", "Hi 🌱"),)


def body(request: ChatRequest, host: str = "localhost") -> object:
    return msgspec.json.decode(
        msgspec.json.encode(openai_chat_request.body(request, Call(request.model or "default", host)))
    )


def test_it_asks_for_a_stream_with_usage() -> None:
    assert body(ChatRequest(HI)) == {
        "model": "default",
        "messages": [{"role": "user", "content": "Hi 🌱"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


@pytest.mark.parametrize(
    ("host", "limit"),
    [
        ("localhost", "max_tokens"),
        ("api.openai.com", "max_completion_tokens"),
        ("mine.openai.azure.com", "max_completion_tokens"),
    ],
)
def test_options_are_passed_on_under_the_name_that_the_server_knows(host: str, limit: str) -> None:
    asked = body(ChatRequest(HI, model="m", max_tokens=7, temperature=0.0), host)
    assert isinstance(asked, dict)
    assert asked.items() >= {"model": "m", limit: 7, "temperature": 0.0}.items()
    assert len({"max_tokens", "max_completion_tokens"} & asked.keys()) == 1
