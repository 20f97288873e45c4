"""Generic gateways: what they are asked, and their whole answers."""

import pytest

from agents import BackendError, ChatMessage, ChatRequest
from agents.backends.dialect import Call
from agents.backends.dialects.sse_gateway import SSEGatewayDialect
from agents.backends.protocol import Finished, Tool
from shared_events.events import Usage
from tests.agents.backends.dialects.reading_cases import Outcome, whole_outcome

GATEWAY = SSEGatewayDialect()
HI = (ChatMessage("user", "Hi 🌱"),)


def test_it_asks_for_a_stream_with_no_more_than_a_gateway_knows() -> None:
    tool = Tool("rain", "Whether it rains.", {"type": "object"})
    request = ChatRequest(HI, max_tokens=7, temperature=0.0, tools=(tool,), json_schema={"type": "object"})
    assert GATEWAY.body(request, Call("m", "api.openai.com")) == {
        "model": "m",
        "messages": [{"role": "user", "content": "Hi 🌱"}],
        "stream": True,
        "max_tokens": 7,
        "temperature": 0.0,
    }


def test_a_whole_answer_is_asked_for_in_so_many_words() -> None:
    assert GATEWAY.body(ChatRequest(HI), Call("m", "localhost", stream=False))["stream"] is False


def test_the_key_is_a_bearer_token() -> None:
    assert GATEWAY.headers("sk-1")["Authorization"] == "Bearer sk-1"
    assert "Authorization" not in GATEWAY.headers(None)


@pytest.mark.parametrize(
    ("body", "text", "end"),
    [
        (b'{"content": "x"}', "x", Finished("stop")),
        (b'{"delta": {"content": "x"}}', "x", Finished("stop")),
        (b'{\n "text": "x",\n "finish_reason": "length"\n}', "x", Finished("length")),
        (b'{"text": ""}', "", Finished("stop")),
        (
            b'{"text": "x", "usage": {"prompt_tokens": 3, "completion_tokens": 2}}',
            "x",
            Finished("stop", Usage(input_tokens=3, output_tokens=2)),
        ),
    ],
)
def test_a_whole_answer_has_the_same_fields(body: bytes, text: str, end: Finished) -> None:
    assert whole_outcome(GATEWAY, body) == Outcome(text, end)


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        (b"", "backend_protocol", "is not JSON with content"),
        (b"<html>", "backend_protocol", "is not JSON with content"),
        (b'{"content": "x', "backend_protocol", "is not JSON with content"),
        (b'{"content": null}', "backend_protocol", "is not JSON with content"),
        (b'{"finish_reason": "stop"}', "backend_protocol", "is not JSON with content"),
        (b'{"content": "\xff"}', "backend_protocol", "is not JSON with content"),
        (b'{"error": {"message": "Slow", "code": 429}}', "backend_rate_limited", "Slow"),
    ],
)
def test_a_whole_answer_that_is_none_is_an_error(body: bytes, code: str, words: str) -> None:
    with pytest.raises(BackendError, match=words) as raised:
        whole_outcome(GATEWAY, body)
    assert raised.value.code == code
