"""Whole messages, and how a key is shown."""

from typing import Any

import msgspec
import pytest

from agents.backends.dialects.anthropic_messages import AnthropicMessagesDialect
from agents.backends.protocol import Finished, ToolCall
from agents.errors import BackendError
from shared_events.events import Usage
from tests.agents.backends.dialects.reading_cases import Outcome, whole_outcome

DIALECT = AnthropicMessagesDialect()


def message(*content: Any, **fields: Any) -> bytes:
    return msgspec.json.encode({"type": "message", "content": content, **fields})


def test_a_whole_message_says_the_same_as_a_stream_of_it() -> None:
    body = message(
        {"type": "thinking", "thinking": "hm", "signature": "x"},
        {"type": "redacted_thinking", "data": "x"},
        {"type": "text", "text": "Grüße ", "citations": []},
        {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "x"}},
        {"type": "text", "text": "🌱"},
        {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": [1, "ü"]}},
        {"type": "tool_use", "id": "t2", "name": "g", "input": {}},
        stop_reason="tool_use",
        usage={"input_tokens": 3, "cache_read_input_tokens": 4, "output_tokens": 5},
    )
    assert whole_outcome(DIALECT, body) == Outcome(
        "Grüße 🌱",
        Finished("tool_calls", Usage(input_tokens=7, output_tokens=5)),
        reasoning="hm",
        calls=(ToolCall("t1", "f", '{"a": [1, "ü"]}'), ToolCall("t2", "g", "")),
    )


def test_an_empty_message_is_one() -> None:
    assert whole_outcome(DIALECT, message()) == Outcome("", Finished("stop"))


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        (b"{}", "backend_protocol", "no content"),
        (b"[]", "backend_protocol", "Expected `object`"),
        (b"<html>", "backend_protocol", "not JSON"),
        (message({"type": "text", "text": 5}), "backend_protocol", r"\$.content"),
        (
            b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}',
            "backend_unavailable",
            "Overloaded",
        ),
    ],
)
def test_what_is_no_message_is_an_error(body: bytes, code: str, words: str) -> None:
    with pytest.raises(BackendError, match=words) as raised:
        whole_outcome(DIALECT, body)
    assert raised.value.code == code


def test_the_key_is_shown_as_anthropic_wants_it() -> None:
    assert DIALECT.headers("sk-1").items() >= {"x-api-key": "sk-1", "anthropic-version": "2023-06-01"}.items()
    assert "x-api-key" not in DIALECT.headers(None)
