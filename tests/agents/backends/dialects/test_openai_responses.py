"""Whole responses."""

from typing import Any

import msgspec
import pytest

from agents.backends.dialects.openai_responses import OpenAIResponsesDialect
from agents.backends.protocol import Finished, ToolCall
from agents.errors import BackendError
from shared_events.events import Usage
from tests.agents.backends.dialects.reading_cases import Outcome, whole_outcome

DIALECT = OpenAIResponsesDialect()


def response(*output: Any, **fields: Any) -> bytes:
    return msgspec.json.encode({"object": "response", "output": output, **fields})


def test_a_whole_response_says_the_same_as_a_stream_of_it() -> None:
    body = response(
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}], "content": None},
        {"type": "web_search_call", "id": "w", "status": "completed"},
        {"type": "message", "content": [{"type": "output_text", "text": "Grüße "}, {"type": "future"}]},
        {"type": "message", "content": [{"type": "refusal", "refusal": "🌱"}]},
        {"type": "function_call", "call_id": "c1", "id": "fc1", "name": "f", "arguments": '{"a":"ü"}'},
        {"type": "function_call", "id": "fc2", "name": "g", "arguments": "{}"},
        status="completed",
        usage={"input_tokens": 7, "output_tokens": 5},
    )
    assert whole_outcome(DIALECT, body) == Outcome(
        "Grüße 🌱",
        Finished("tool_calls", Usage(input_tokens=7, output_tokens=5)),
        reasoning="hm",
        calls=(ToolCall("c1", "f", '{"a":"ü"}'), ToolCall("fc2", "g", "{}")),
    )


def test_an_empty_response_is_one() -> None:
    assert whole_outcome(DIALECT, response()) == Outcome("", Finished("stop"))


def test_a_response_that_was_cut_says_why() -> None:
    body = response(status="incomplete", incomplete_details={"reason": "max_output_tokens"})
    assert whole_outcome(DIALECT, body).end == Finished("length")


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        (b"{}", "backend_protocol", "no output"),
        (b"[]", "backend_protocol", "Expected `object`"),
        (b"<html>", "backend_protocol", "not JSON"),
        (response({"type": "message", "content": [{"text": 5}]}), "backend_protocol", r"\$.output"),
        (b'{"error":{"code":"server_error","message":"Gone"}}', "backend_unavailable", "Gone"),
        (response(status="failed"), "backend_unavailable", "failed"),
        (response(status="queued"), "backend_unavailable", "queued"),
    ],
)
def test_what_is_no_response_is_an_error(body: bytes, code: str, words: str) -> None:
    with pytest.raises(BackendError, match=words) as raised:
        whole_outcome(DIALECT, body)
    assert raised.value.code == code
