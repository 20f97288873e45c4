"""Streamed chat completions: what every form of them means, however the bytes arrive."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.backends.dialects.openai_chat import OpenAIChatDialect
from agents.backends.dialects.openai_chat_stream import ChatStream
from agents.backends.protocol import Finished, ToolCall
from agents.backends.transport.redaction import Redaction
from agents.backends.transport.sse import SSEEvent
from agents.errors import BackendError
from shared_events.events import Usage
from tests.agents.backends.chat_bytes import DONE, chunk, event, usage, whole
from tests.agents.backends.dialects.reading_cases import (
    Broken,
    Complete,
    Outcome,
    assert_broken,
    outcome,
    pieces_of,
    split_everywhere,
)

CHAT = OpenAIChatDialect()
STOP = Finished("stop")
COUNTED = Finished("stop", Usage(input_tokens=3, output_tokens=2))


def _complete(data: bytes, text: str, end: Finished) -> Complete:
    return Complete(data, Outcome(text, end))


COMPLETE = {
    "usual": _complete(whole("Hello", " you"), "Hello you", COUNTED),
    "many bytes": _complete(whole("ü", "水", "🌱"), "ü水🌱", COUNTED),
    "escaped": _complete(
        rb'data: {"choices":[{"delta":{"content":"\u00fc\ud83c\udf31\n"}}]}' + b"\n\n" + DONE,
        "ü🌱\n",
        Finished("stop", None),
    ),
    "half a pair, escaped": _complete(
        rb'data: {"choices":[{"delta":{"content":"a\ud83c"}}]}' + b"\n\n"
        rb'data: {"choices":[{"delta":{"content":"\udf31b"}}]}' + b"\n\n" + DONE,
        "a\ud83c\udf31b",
        Finished("stop", None),
    ),
    "CR LF, byte order mark and comments": _complete(
        b"\xef\xbb\xbf: hello\n\n" + whole("x").replace(b"\n", b"\r\n") + b": bye",
        "x",
        COUNTED,
    ),
    "CR": _complete(whole("x").replace(b"\n", b"\r"), "x", COUNTED),
    "data of several lines": _complete(
        b'data: {"choices":\ndata: [{"delta":{"content":"x"}}]}\n\n' + DONE,
        "x",
        Finished("stop", None),
    ),
    "finish reason and end": _complete(chunk("x", finish="length"), "x", Finished("length", None)),
    "end marker only": _complete(chunk("x") + DONE, "x", Finished("stop", None)),
    "empty answer": _complete(DONE, "", Finished("stop", None)),
    "text after the end": _complete(chunk("x") + DONE + chunk("y"), "x", Finished("stop", None)),
    "refusal": _complete(chunk(refusal="No.") + chunk(finish="stop"), "No.", Finished("stop", None)),
    "what we pass over": _complete(
        event({"choices": [], "prompt_filter_results": []})
        + event({"choices": None, "usage": None, "error": None})
        + event({"choices": [{"index": 0, "delta": None, "finish_reason": ""}]})
        + event(
            {"choices": [{"index": 1, "delta": {"content": "another choice"}, "finish_reason": "length"}]}
        )
        + b"data:\n\n"
        + chunk("x", finish="stop"),
        "x",
        Finished("stop", None),
    ),
    "usage in strange forms": _complete(
        usage(1, 2)
        + event({"usage": [], "choices": []})
        + event({"usage": {"prompt_tokens": -1, "completion_tokens": "2"}})
        + DONE,
        "",
        Finished("stop", Usage(input_tokens=1, output_tokens=2)),
    ),
    "usage at every chunk": _complete(
        usage(1, 1) + usage(1, 2) + usage(1, 3) + DONE,
        "",
        Finished("stop", Usage(input_tokens=1, output_tokens=3)),
    ),
    "thinking, under either name": Complete(
        chunk(reasoning_content="hm", reasoning="hm") + chunk(reasoning=", well") + chunk("x") + DONE,
        Outcome("x", STOP, reasoning="hm, well"),
    ),
    "tool calls in pieces": Complete(
        chunk(tool_calls=[{"index": 0, "id": "c1", "function": {"name": "f", "arguments": ""}}])
        + chunk(tool_calls=[{"index": 0, "function": {"arguments": '{"a": "\U0001f331'}}])
        + chunk(tool_calls=[{"index": 1, "id": "c2", "function": {"name": "g"}}])
        + chunk(tool_calls=[{"index": 0, "function": {"arguments": '"}'}}, {"index": 1}])
        + chunk(finish="tool_calls"),
        Outcome(
            "",
            Finished("tool_calls"),
            calls=(ToolCall("c1", "f", '{"a": "\U0001f331"}'), ToolCall("c2", "g", "")),
        ),
    ),
}
BROKEN = {
    "nothing": Broken(b"", "", "backend_incomplete", "ended with nothing"),
    "no end marker": Broken(
        chunk("a") + chunk("b"),
        "ab",
        "backend_incomplete",
        "after 2 events, without its end marker",
    ),
    "half a line": Broken(chunk("a") + chunk("b")[:-9], "a", "backend_incomplete", "without its end marker"),
    "half an end": Broken(chunk("a") + DONE[:-1], "a", "backend_incomplete", "without its end marker"),
    "only comments": Broken(b": ping\n\n" * 3, "", "backend_incomplete", "ended with nothing"),
    "HTML": Broken(b"<html>\n<p>Hello</p>\n\n</html>", "", "backend_incomplete", "ended with nothing"),
    "not JSON": Broken(
        chunk("a") + b"data: hello\n\n",
        "a",
        "backend_protocol",
        "Event 2 .* is not JSON .* at character 0",
    ),
    "cut JSON": Broken(b'data: {"choices": [\n\n', "", "backend_protocol", "Event 1 .* is not JSON"),
    "NaN": Broken(b'data: {"usage": NaN}\n\n', "", "backend_protocol", "is not JSON"),
    "no object": Broken(b"data: []\n\n", "", "backend_protocol", "Expected `object`, got `array`"),
    "wrong type": Broken(
        event({"choices": [{"delta": {"content": 5}}]}),
        "",
        "backend_protocol",
        r"\$.choices\[0\]",
    ),
    "wrong type beside half a pair": Broken(
        rb'data: {"x": "\ud83c", "choices": 5}' + b"\n\n",
        "",
        "backend_protocol",
        r"\$.choices",
    ),
    "very deep": Broken(b"data: " + b"[" * 100_000 + b"\n\n", "", "backend_protocol", "cannot be read"),
    "not UTF-8": Broken(b"data: \xff\n\n", "", "backend_protocol", "not UTF-8"),
    "error object": Broken(
        chunk("a") + event({"error": {"message": "Overloaded", "type": "server_error"}}) + DONE,
        "a",
        "backend_unavailable",
        "error of the provider: Overloaded",
    ),
    "error with a status": Broken(
        event({"error": {"message": "Slow", "code": 429}}),
        "",
        "backend_rate_limited",
        "Slow",
    ),
    "error as a word": Broken(event({"error": "out of memory"}), "", "backend_unavailable", "out of memory"),
    "error without words": Broken(
        event({"error": {"code": 500}}), "", "backend_unavailable", "no reason given"
    ),
    "error event": Broken(b"event: error\n" + event({"message": "Gone"}), "", "backend_unavailable", "Gone"),
    "error event in plain text": Broken(b"event: error\ndata: gone\n\n", "", "backend_unavailable", "gone"),
    "half a tool call": Broken(
        chunk("a") + chunk(tool_calls=[{"index": 0, "function": {"arguments": '{"a'}}]) + DONE,
        "a",
        "backend_incomplete",
        "in the middle of a tool call",
    ),
    "an error behind a text in the same read": Broken(
        chunk("a") + chunk("b") + event({"error": "Out of memory."}), "ab", "backend_unavailable", "memory"
    ),
    "bytes that are not UTF-8 behind a text": Broken(
        chunk("a") + b"data: \xff\n\n", "a", "backend_protocol", "not UTF-8"
    ),
}
FIXTURES = {name: fixture.data for name, fixture in (COMPLETE | BROKEN).items()}


@pytest.mark.parametrize("name", COMPLETE)
def test_a_complete_answer_gives_its_text_and_its_end(name: str) -> None:
    assert outcome(CHAT, [COMPLETE[name].data]) == COMPLETE[name].outcome


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_answer_keeps_its_text_and_says_why(name: str) -> None:
    assert_broken(CHAT, BROKEN[name])


@pytest.mark.parametrize("name", FIXTURES)
def test_split_anywhere_and_byte_by_byte_it_stays_the_same(name: str) -> None:
    split_everywhere(CHAT, FIXTURES[name])


@given(st.sampled_from(sorted(FIXTURES)), st.data())
def test_any_chunking_gives_the_same(name: str, draw: st.DataObject) -> None:
    data = FIXTURES[name]
    assert outcome(CHAT, draw.draw(pieces_of(data))) == outcome(CHAT, [data])


@given(st.lists(st.text(max_size=30), max_size=6))
def test_any_text_arrives_unchanged(texts: list[str]) -> None:
    assert outcome(CHAT, [whole(*texts)]).text == "".join(texts)
    escaped = b"".join(
        b"data: " + json.dumps({"choices": [{"delta": {"content": text}}]}).encode() + b"\n\n"
        for text in texts
    )
    assert outcome(CHAT, [escaped + DONE]).text == "".join(texts)


def test_a_line_of_2_mib_is_one_chunk() -> None:
    text = "x" * (2 * 1024 * 1024)
    data = chunk(text) + DONE
    result = outcome(CHAT, (data[i : i + 65536] for i in range(0, len(data), 65536)))
    assert result.text == text


def test_the_providers_words_are_redacted_and_cut() -> None:
    redaction = Redaction("sk-secret-key", ["Tell me about my illness, doctor."])
    words = "sk-secret-key may not ask 'Tell me about my illness, doctor.' " + "why " * 500
    result = outcome(CHAT, [event({"error": {"message": words}})], redaction)
    assert isinstance(result.end, tuple)
    assert "secret" not in result.end[1]
    assert "illness" not in result.end[1]
    assert len(result.end[1]) < 360


@pytest.mark.parametrize("data", ['{"prompt": "my secret', '{"choices": "my secret"}', "my secret"])
def test_what_cannot_be_read_is_not_repeated(data: str) -> None:
    with pytest.raises(BackendError) as raised:
        ChatStream(Redaction(None, [])).feed(SSEEvent("message", data.encode()))
    assert "secret" not in str(raised.value)
