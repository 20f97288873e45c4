"""Answers of Ollama: what every form of their lines means, however the bytes arrive."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.backends.dialects.ollama import OllamaDialect
from agents.backends.protocol import Finished, ToolCall
from agents.backends.transport.redaction import Redaction
from shared_events.events import Usage
from tests.agents.backends.dialects.reading_cases import (
    Broken,
    Complete,
    Outcome,
    assert_broken,
    outcome,
    pieces_of,
    split_everywhere,
)
from tests.agents.backends.ollama_lines import END, called, line, says, whole

OLLAMA = OllamaDialect()
COUNTED = Finished("stop", Usage(input_tokens=3, output_tokens=2))
STOP = Finished("stop")
CALLS = Finished("tool_calls", Usage(input_tokens=3, output_tokens=2))
BARE = line({"done": True})


def _complete(data: bytes, text: str, end: Finished, **more: Any) -> Complete:
    return Complete(data, Outcome(text, end, **more))


COMPLETE = {
    "usual": _complete(whole("Hello", " you"), "Hello you", COUNTED),
    "many bytes": _complete(whole("ü", "水", "🌱"), "ü水🌱", COUNTED),
    "escaped": _complete(rb'{"message":{"content":"\u00fc\ud83c\udf31\n"}}' + b"\n" + END, "ü🌱\n", COUNTED),
    "half a pair, escaped": _complete(
        rb'{"message":{"content":"a\ud83c"}}' + b"\n" + rb'{"message":{"content":"\udf31b"}}' + b"\n" + END,
        "a\ud83c\udf31b",
        COUNTED,
    ),
    "CR LF, byte order mark and empty lines": _complete(
        b"\xef\xbb\xbf" + whole("x", "y").replace(b"\n", b"\r\n\r\n"), "xy", COUNTED
    ),
    "spaces around a line": _complete(b"  " + says("x")[:-1] + b" \t\n" + END, "x", COUNTED),
    "a last line without its end": _complete(whole("x")[:-1], "x", COUNTED),
    "text in the last line": _complete(
        line({"message": {"content": "x"}, "done": True, "done_reason": "stop"}), "x", STOP
    ),
    "cut at its length": _complete(
        says("x") + line({"done": True, "done_reason": "length"}), "x", Finished("length")
    ),
    "a model that was only loaded": _complete(
        line({"message": {"content": ""}, "done": True, "done_reason": "load"}), "", Finished("load")
    ),
    "no reason": _complete(says("x") + BARE, "x", STOP),
    "text after the end": _complete(says("x") + END + says("y") + b"\xff\n", "x", COUNTED),
    "no message": _complete(line({"model": "m"}) + line({"message": None}) + END, "", COUNTED),
    "null fields": _complete(
        line(
            {"message": {"content": None, "thinking": None, "tool_calls": None}, "done": None, "error": None}
        )
        + END,
        "",
        COUNTED,
    ),
    "thinking": _complete(
        line({"message": {"content": "", "thinking": "Hm"}})
        + line({"message": {"content": "x", "thinking": "m."}})
        + END,
        "x",
        COUNTED,
        reasoning="Hmm.",
    ),
    "tool calls": _complete(
        called("rain", {"city": "Köln", "days": 2}) + called("sun", {}) + END,
        "",
        CALLS,
        calls=(ToolCall("call_0", "rain", '{"city": "Köln", "days": 2}'), ToolCall("call_1", "sun", "{}")),
    ),
    "tool calls with ids, in one line": _complete(
        line(
            {
                "message": {
                    "tool_calls": [
                        {"id": "c7", "function": {"index": 0, "name": "rain", "arguments": '{"a": 1}'}},
                        {"id": "c8", "function": {"index": 0, "name": "sun", "arguments": None}},
                    ]
                }
            }
        )
        + END,
        "",
        CALLS,
        calls=(ToolCall("c7", "rain", '{"a": 1}'), ToolCall("c8", "sun", "{}")),
    ),
    "half of the counts": _complete(
        line({"done": True, "eval_count": 7}), "", Finished("stop", Usage(output_tokens=7))
    ),
    "counts in strange forms": _complete(
        line({"done": True, "prompt_eval_count": -1, "eval_count": "2"}), "", STOP
    ),
}
BROKEN = {
    "nothing": Broken(b"", "", "backend_incomplete", "ended with nothing"),
    "no end": Broken(says("a") + says("b"), "ab", "backend_incomplete", "after 2 events"),
    "half a line": Broken(says("a") + says("b")[:-9], "a", "backend_incomplete", "without its end marker"),
    "half a character": Broken(
        says("a") + says("水").partition(b"\xb0")[0],
        "a",
        "backend_incomplete",
        "after 1 events",
    ),
    "text in a last line without its end": Broken(
        says("a") + line({"message": {"content": "b"}, "done": True})[:-1],
        "a",
        "backend_incomplete",
        "after 1",
    ),
    "HTML": Broken(b"<html>\n<p>Hello</p>\n", "", "backend_protocol", "Line 1 .* not JSON"),
    "not JSON": Broken(says("a") + b"hello\n" + END, "a", "backend_protocol", "Line 2 .* at character 0"),
    "NaN": Broken(b'{"eval_count": NaN}\n', "", "backend_protocol", "is not JSON"),
    "no object": Broken(b"[]\n", "", "backend_protocol", "Expected `object`, got `array`"),
    "wrong type": Broken(line({"message": {"content": 5}}), "", "backend_protocol", r"\$.message.content"),
    "done in words": Broken(line({"done": "yes"}), "", "backend_protocol", r"\$.done"),
    "a list for arguments": Broken(called("rain", [1]), "", "backend_protocol", r"arguments"),
    "a call without a name": Broken(
        line({"message": {"tool_calls": [{"function": {}}]}}), "", "backend_protocol", "name"
    ),
    "half a tool call": Broken(
        called("rain", '{"city": "Kö') + END, "", "backend_incomplete", "in the middle of a tool call"
    ),
    "very deep": Broken(b"[" * 100_000 + b"\n", "", "backend_protocol", "cannot be read"),
    "not UTF-8": Broken(says("a") + b'{"x": "\xff"}\n', "a", "backend_protocol", "not UTF-8"),
    "error": Broken(
        says("a") + line({"error": "out of memory"}), "a", "backend_unavailable", "provider: out of memory"
    ),
    "error in a last line without its end": Broken(
        says("a") + line({"error": "out of memory"})[:-1],
        "a",
        "backend_unavailable",
        "provider: out of memory",
    ),
    "error with a status": Broken(
        line({"error": {"message": "Slow", "code": 429}}), "", "backend_rate_limited", "Slow"
    ),
}
FIXTURES = {name: case.data for name, case in (COMPLETE | BROKEN).items()}


@pytest.mark.parametrize("name", COMPLETE)
def test_a_complete_answer_gives_all_that_it_says(name: str) -> None:
    assert outcome(OLLAMA, [COMPLETE[name].data]) == COMPLETE[name].outcome


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_answer_keeps_its_text_and_says_why(name: str) -> None:
    assert_broken(OLLAMA, BROKEN[name])


@pytest.mark.parametrize("name", [name for name, data in FIXTURES.items() if len(data) < 2_000])
def test_split_anywhere_and_byte_by_byte_it_stays_the_same(name: str) -> None:
    split_everywhere(OLLAMA, FIXTURES[name])


@given(st.sampled_from(sorted(FIXTURES)), st.data())
def test_any_chunking_gives_the_same(name: str, draw: st.DataObject) -> None:
    data = FIXTURES[name]
    assert outcome(OLLAMA, draw.draw(pieces_of(data))) == outcome(OLLAMA, [data])


@given(st.lists(st.text(max_size=30), max_size=6))
def test_any_text_arrives_unchanged(texts: list[str]) -> None:
    assert outcome(OLLAMA, [whole(*texts)]) == Outcome("".join(texts), COUNTED)


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=5) | st.integers(-9, 9), max_size=4))
def test_arguments_arrive_as_json_text(arguments: dict[str, Any]) -> None:
    (call,) = outcome(OLLAMA, [called("rain", arguments) + END]).calls
    assert msgspec.json.decode(call.arguments) == arguments


def test_a_line_of_2_mib_is_one_piece() -> None:
    data = whole(text := "x" * (2 * 1024 * 1024))
    assert outcome(OLLAMA, (data[i : i + 65536] for i in range(0, len(data), 65536))).text == text


def test_the_providers_words_are_redacted() -> None:
    redaction = Redaction("sk-secret-key", ["Tell me about my illness, doctor."])
    words = "sk-secret-key may not ask 'Tell me about my illness, doctor.'"
    result = outcome(OLLAMA, [line({"error": words})], redaction)
    assert isinstance(result.end, tuple)
    assert result.end[1].endswith(": *** may not ask '***'")
