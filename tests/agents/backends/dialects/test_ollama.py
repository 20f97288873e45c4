"""Ollama: its whole answers, however they are laid out."""

import json

import pytest

from agents import BackendError
from agents.backends.dialects.ollama import OllamaDialect
from agents.backends.protocol import Finished, ToolCall
from shared_events.events import Usage
from tests.agents.backends.dialects.reading_cases import Outcome, whole_outcome
from tests.agents.backends.ollama_lines import END, line, says, whole

OLLAMA = OllamaDialect()
ANSWER = {
    "message": {"role": "assistant", "content": "x", "thinking": "Hm."},
    "done": True,
    "done_reason": "stop",
    "prompt_eval_count": 3,
    "eval_count": 2,
}
COUNTED = Finished("stop", Usage(input_tokens=3, output_tokens=2))


@pytest.mark.parametrize("indent", [None, 2])
def test_a_whole_answer_is_one_object(indent: int | None) -> None:
    assert whole_outcome(OLLAMA, json.dumps(ANSWER, indent=indent).encode()) == Outcome("x", COUNTED, "Hm.")


def test_a_whole_answer_may_call_tools() -> None:
    calls = [{"function": {"name": "rain", "arguments": {"city": "Köln"}}}]
    told = whole_outcome(OLLAMA, line({"message": {"content": "", "tool_calls": calls}, "done": True}))
    assert told.calls == (ToolCall("call_0", "rain", '{"city": "Köln"}'),)
    assert told.end == Finished("tool_calls")


def test_the_lines_of_a_stream_are_a_whole_answer_too() -> None:
    assert whole_outcome(OLLAMA, whole("x", "y")) == Outcome("xy", COUNTED)
    assert whole_outcome(OLLAMA, whole("x").replace(b"\n", b"\r\n\r\n")) == Outcome("x", COUNTED)


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        (b"", "backend_protocol", "Line 1 of the answer cannot be read"),
        (b"<html>", "backend_protocol", "Line 1 of the answer cannot be read"),
        (says("x"), "backend_incomplete", "without its end marker"),
        (says("x") + END[:-9], "backend_protocol", "Line 2 of the answer cannot be read"),
        (b'{"error": "model not found"}', "backend_unavailable", "model not found"),
    ],
)
def test_a_whole_answer_that_is_none_is_an_error(body: bytes, code: str, words: str) -> None:
    with pytest.raises(BackendError, match=words) as raised:
        whole_outcome(OLLAMA, body)
    assert raised.value.code == code
