"""Answers of generic gateways: what every form of their lines means, however the bytes arrive."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.backends.dialects.sse_gateway import SSEGatewayDialect
from agents.backends.protocol import Finished
from agents.backends.transport.redaction import Redaction
from shared_events.events import Usage
from tests.agents.backends.chat_bytes import DONE, event
from tests.agents.backends.dialects.reading_cases import (
    NOTHING_SECRET,
    Broken,
    Complete,
    Outcome,
    assert_broken,
    outcome,
    pieces_of,
    split_everywhere,
)

GATEWAY = SSEGatewayDialect()
STOP = Finished("stop")


def _complete(data: bytes, text: str, end: Finished = STOP) -> Complete:
    return Complete(data, Outcome(text, end))


def says(text: str) -> bytes:
    return event({"content": text})


COMPLETE = {
    "usual": _complete(says("Hello") + says(" you") + DONE, "Hello you"),
    "all names of text": _complete(
        event({"content": "a"})
        + event({"delta": "b"})
        + event({"text": "c"})
        + event({"delta": {"content": "d", "role": "assistant"}})
        + event({"delta": {"text": "e"}})
        + DONE,
        "abcde",
    ),
    "one text under two names": _complete(
        event({"content": "a", "text": "a"}) + event({"content": "", "delta": "b"}) + DONE, "ab"
    ),
    "many bytes": _complete(says("ü") + says("水") + says("🌱") + DONE, "ü水🌱"),
    "half a pair, escaped": _complete(
        rb'data: {"content":"a\ud83c"}' + b"\n\n" + rb'data: {"content":"\udf31b"}' + b"\n\n" + DONE,
        "a\ud83c\udf31b",
    ),
    "CR LF, byte order mark and comments": _complete(
        b"\xef\xbb\xbf: hello\n\n" + (says("x") + DONE).replace(b"\n", b"\r\n") + b": bye", "x"
    ),
    "CR": _complete((says("x") + DONE).replace(b"\n", b"\r"), "x"),
    "an object over several lines of data": _complete(b'data: {"content":\ndata: "x"}\n\n' + DONE, "x"),
    "several objects in one event": _complete(
        b'data: {"content": "x"}\ndata: nonsense\ndata: {"text": "y"}\ndata: [DONE]\ndata: {"text": "z"}\n\n',
        "xy",
    ),
    "end marker with spaces": _complete(says("x") + b"data:   [DONE]  \n\n", "x"),
    "empty answer": _complete(DONE, ""),
    "text after the end": _complete(says("x") + DONE + says("y") + b"data: \xff\n\n", "x"),
    "event types": _complete(b"event: token\nid: 7\n" + says("x") + b"event: end\n" + DONE, "x"),
    "malformed lines": _complete(
        says("x")
        + b"data: hello\n\n"
        + b'data: {"content": "cut\n\n'
        + event({"content": 5})
        + event({"delta": [1]})
        + event({"id": 7})
        + event([])
        + b'data: {"content": NaN}\n\n'
        + b"data: "
        + b"[" * 100_000
        + b"\n\n"
        + b"data:\n\n"
        + says("y")
        + DONE,
        "xy",
    ),
    "reason and usage": _complete(
        says("x")
        + event({"finish_reason": "length"})
        + event({"usage": {"prompt_tokens": 3, "completion_tokens": 2}, "finish_reason": None})
        + DONE,
        "x",
        Finished("length", Usage(input_tokens=3, output_tokens=2)),
    ),
    "usage under other names": _complete(
        event({"text": "x", "usage": {"input_tokens": 3, "output_tokens": "2"}})
        + event({"usage": []})
        + DONE,
        "x",
        Finished("stop", Usage(input_tokens=3)),
    ),
    "null fields": _complete(
        event(
            {
                "content": None,
                "delta": None,
                "text": None,
                "finish_reason": None,
                "usage": None,
                "error": None,
            }
        )
        + DONE,
        "",
    ),
}
NOTHING_READABLE = "None of the 2 lines of the answer can be read: a line is JSON with content, delta or text"
BROKEN = {
    "nothing": Broken(b"", "", "backend_incomplete", "ended with nothing"),
    "no end marker": Broken(says("a") + says("b"), "ab", "backend_incomplete", "after 2 events"),
    "a reason but no end marker": Broken(
        event({"text": "a", "finish_reason": "stop"}), "a", "backend_incomplete", "without its end marker"
    ),
    "half a line": Broken(says("a") + says("b")[:-9], "a", "backend_incomplete", "without its end marker"),
    "half an end": Broken(says("a") + DONE[:-1], "a", "backend_incomplete", "without its end marker"),
    "HTML": Broken(b"<html>\n<p>Hello</p>\n\n</html>", "", "backend_incomplete", "ended with nothing"),
    "nothing but malformed lines": Broken(
        b"data: hello\n\n" + event({"id": 1}), "", "backend_protocol", NOTHING_READABLE
    ),
    "nothing but malformed lines, and an end": Broken(
        b"data: hello\n\n" + event({"id": 1}) + DONE, "", "backend_protocol", NOTHING_READABLE
    ),
    "not UTF-8": Broken(says("a") + b"data: \xff\n\n", "a", "backend_protocol", "not UTF-8"),
    "error object": Broken(
        says("a") + event({"error": {"message": "Overloaded", "type": "server_error"}}) + DONE,
        "a",
        "backend_unavailable",
        "error of the provider: Overloaded",
    ),
    "error with a status": Broken(
        event({"error": {"message": "Slow", "code": 429}}), "", "backend_rate_limited", "Slow"
    ),
    "error as a word": Broken(event({"error": "out of memory"}), "", "backend_unavailable", "out of memory"),
    "error event": Broken(b"event: error\n" + event({"message": "Gone"}), "", "backend_unavailable", "Gone"),
    "error event in plain text": Broken(b"event: error\ndata: gone\n\n", "", "backend_unavailable", "gone"),
}
FIXTURES = {name: case.data for name, case in (COMPLETE | BROKEN).items()}


@pytest.mark.parametrize("name", COMPLETE)
def test_a_complete_answer_gives_all_that_it_says(name: str) -> None:
    assert outcome(GATEWAY, [COMPLETE[name].data]) == COMPLETE[name].outcome


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_answer_keeps_its_text_and_says_why(name: str) -> None:
    assert_broken(GATEWAY, BROKEN[name])


@pytest.mark.parametrize("name", [name for name, data in FIXTURES.items() if len(data) < 2_000])
def test_split_anywhere_and_byte_by_byte_it_stays_the_same(name: str) -> None:
    split_everywhere(GATEWAY, FIXTURES[name])


@given(st.sampled_from(sorted(FIXTURES)), st.data())
def test_any_chunking_gives_the_same(name: str, draw: st.DataObject) -> None:
    data = FIXTURES[name]
    assert outcome(GATEWAY, draw.draw(pieces_of(data))) == outcome(GATEWAY, [data])


@given(st.lists(st.text(max_size=30), max_size=6), st.sampled_from(["content", "delta", "text"]))
def test_any_text_arrives_unchanged(texts: list[str], field: str) -> None:
    escaped = (b"data: " + json.dumps({field: text}).encode() + b"\n\n" for text in texts)
    assert outcome(GATEWAY, [*escaped, DONE]) == Outcome("".join(texts), STOP)


def test_malformed_lines_are_counted_however_they_arrive() -> None:
    data = COMPLETE["malformed lines"].data
    for size in (1, 7, len(data)):
        reading = GATEWAY.reading(NOTHING_SECRET)
        for begin in range(0, len(data), size):
            reading.feed(data[begin : begin + size])
        assert reading.skipped == 8


def test_a_line_of_2_mib_is_one_piece() -> None:
    data = says(text := "x" * (2 * 1024 * 1024)) + DONE
    assert outcome(GATEWAY, (data[i : i + 65536] for i in range(0, len(data), 65536))).text == text


def test_the_providers_words_are_redacted() -> None:
    redaction = Redaction("sk-secret-key", ["Tell me about my illness, doctor."])
    words = "sk-secret-key may not ask 'Tell me about my illness, doctor.'"
    result = outcome(GATEWAY, [event({"error": {"message": words}})], redaction)
    assert isinstance(result.end, tuple)
    assert result.end[1].endswith(": *** may not ask '***'")
