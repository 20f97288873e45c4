"""Streamed chat completions: what every form of them means, however the bytes arrive."""

import json
import re
from collections.abc import Iterable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.backends.dialects.openai_chat_stream import ChatStream
from agents.backends.protocol import Finished, TextDelta
from agents.backends.transport.redaction import Redaction
from agents.backends.transport.sse import SSEEvent, SSEParser
from agents.errors import BackendError
from shared_events.events import Usage
from tests.agents.backends.chat_bytes import DONE, chunk, event, usage, whole


class Outcome(msgspec.Struct):
    """What came of an answer: its text, and how it ended."""

    text: str
    end: Finished | tuple[str, str]


def outcome(pieces: Iterable[bytes], redaction: Redaction | None = None) -> Outcome:
    parser, chat = SSEParser(), ChatStream(redaction or Redaction(None, []))
    texts: list[str] = []
    try:
        for piece in pieces:
            for sse in parser.feed(piece):
                texts += [delta.text for delta in chat.feed(sse) if isinstance(delta, TextDelta)]
        return Outcome("".join(texts), chat.finish())
    except BackendError as error:
        return Outcome("".join(texts), (error.code, str(error)))


COMPLETE: dict[str, tuple[bytes, str, Finished]] = {
    "usual": (whole("Hello", " you"), "Hello you", Finished("stop", Usage(input_tokens=3, output_tokens=2))),
    "many bytes": (whole("ü", "水", "🌱"), "ü水🌱", Finished("stop", Usage(input_tokens=3, output_tokens=2))),
    "escaped": (
        rb'data: {"choices":[{"delta":{"content":"\u00fc\ud83c\udf31\n"}}]}' + b"\n\n" + DONE,
        "ü🌱\n",
        Finished("stop", None),
    ),
    "half a pair, escaped": (
        rb'data: {"choices":[{"delta":{"content":"a\ud83c"}}]}' + b"\n\n"
        rb'data: {"choices":[{"delta":{"content":"\udf31b"}}]}' + b"\n\n" + DONE,
        "a\ud83c\udf31b",
        Finished("stop", None),
    ),
    "CR LF, byte order mark and comments": (
        b"\xef\xbb\xbf: hello\n\n" + whole("x").replace(b"\n", b"\r\n") + b": bye",
        "x",
        Finished("stop", Usage(input_tokens=3, output_tokens=2)),
    ),
    "CR": (whole("x").replace(b"\n", b"\r"), "x", Finished("stop", Usage(input_tokens=3, output_tokens=2))),
    "data of several lines": (
        b'data: {"choices":\ndata: [{"delta":{"content":"x"}}]}\n\n' + DONE,
        "x",
        Finished("stop", None),
    ),
    "finish reason and end": (chunk("x", finish="length"), "x", Finished("length", None)),
    "end marker only": (chunk("x") + DONE, "x", Finished("stop", None)),
    "empty answer": (DONE, "", Finished("stop", None)),
    "text after the end": (chunk("x") + DONE + chunk("y"), "x", Finished("stop", None)),
    "refusal": (chunk(refusal="No.") + chunk(finish="stop"), "No.", Finished("stop", None)),
    "what we pass over": (
        chunk(reasoning_content="hm", reasoning="hm")
        + chunk(tool_calls=[{"index": 0, "function": {"arguments": '{"a'}}])
        + event({"choices": [], "prompt_filter_results": []})
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
    "usage in strange forms": (
        usage(1, 2)
        + event({"usage": [], "choices": []})
        + event({"usage": {"prompt_tokens": -1, "completion_tokens": "2"}})
        + DONE,
        "",
        Finished("stop", Usage(input_tokens=1, output_tokens=2)),
    ),
    "usage at every chunk": (
        usage(1, 1) + usage(1, 2) + usage(1, 3) + DONE,
        "",
        Finished("stop", Usage(input_tokens=1, output_tokens=3)),
    ),
}
BROKEN: dict[str, tuple[bytes, str, str, str]] = {
    "nothing": (b"", "", "backend_incomplete", "ended with nothing"),
    "no end marker": (
        chunk("a") + chunk("b"),
        "ab",
        "backend_incomplete",
        "after 2 events, without its end marker",
    ),
    "half a line": (chunk("a") + chunk("b")[:-9], "a", "backend_incomplete", "without its end marker"),
    "half an end": (chunk("a") + DONE[:-1], "a", "backend_incomplete", "without its end marker"),
    "only comments": (b": ping\n\n" * 3, "", "backend_incomplete", "ended with nothing"),
    "HTML": (b"<html>\n<p>Hello</p>\n\n</html>", "", "backend_incomplete", "ended with nothing"),
    "not JSON": (
        chunk("a") + b"data: hello\n\n",
        "a",
        "backend_protocol",
        "Event 2 .* is not JSON .* at character 0",
    ),
    "cut JSON": (b'data: {"choices": [\n\n', "", "backend_protocol", "Event 1 .* is not JSON"),
    "NaN": (b'data: {"usage": NaN}\n\n', "", "backend_protocol", "is not JSON"),
    "no object": (b"data: []\n\n", "", "backend_protocol", "Expected `object`, got `array`"),
    "wrong type": (
        event({"choices": [{"delta": {"content": 5}}]}),
        "",
        "backend_protocol",
        r"\$.choices\[0\]",
    ),
    "wrong type beside half a pair": (
        rb'data: {"x": "\ud83c", "choices": 5}' + b"\n\n",
        "",
        "backend_protocol",
        r"\$.choices",
    ),
    "very deep": (b"data: " + b"[" * 100_000 + b"\n\n", "", "backend_protocol", "cannot be read"),
    "not UTF-8": (b"data: \xff\n\n", "", "backend_protocol", "not UTF-8"),
    "error object": (
        chunk("a") + event({"error": {"message": "Overloaded", "type": "server_error"}}) + DONE,
        "a",
        "backend_unavailable",
        "error of the provider: Overloaded",
    ),
    "error with a status": (
        event({"error": {"message": "Slow", "code": 429}}),
        "",
        "backend_rate_limited",
        "Slow",
    ),
    "error as a word": (event({"error": "out of memory"}), "", "backend_unavailable", "out of memory"),
    "error without words": (event({"error": {"code": 500}}), "", "backend_unavailable", "no reason given"),
    "error event": (b"event: error\n" + event({"message": "Gone"}), "", "backend_unavailable", "Gone"),
    "error event in plain text": (b"event: error\ndata: gone\n\n", "", "backend_unavailable", "gone"),
}
FIXTURES = {name: fixture[0] for name, fixture in (COMPLETE | BROKEN).items()}


@pytest.mark.parametrize("name", COMPLETE)
def test_a_complete_answer_gives_its_text_and_its_end(name: str) -> None:
    data, text, end = COMPLETE[name]
    assert outcome([data]) == Outcome(text, end)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_answer_keeps_its_text_and_says_why(name: str) -> None:
    data, text, code, reason = BROKEN[name]
    result = outcome([data])
    assert isinstance(result.end, tuple)
    assert (result.text, result.end[0]) == (text, code)
    assert re.search(reason, result.end[1])


@pytest.mark.parametrize("name", [name for name, data in FIXTURES.items() if len(data) < 2000])
def test_split_anywhere_and_byte_by_byte_it_stays_the_same(name: str) -> None:
    data = FIXTURES[name]
    expected = outcome([data])
    assert outcome(data[i : i + 1] for i in range(len(data))) == expected
    for cut in range(len(data) + 1):
        assert outcome([data[:cut], data[cut:]]) == expected, f"cut at {cut}"


@given(st.sampled_from(sorted(FIXTURES)), st.data())
def test_any_chunking_gives_the_same(name: str, draw: st.DataObject) -> None:
    data = FIXTURES[name]
    cuts = sorted(draw.draw(st.lists(st.integers(0, len(data)), max_size=8)))
    ends = [*cuts, len(data)]
    assert outcome(data[b:e] for b, e in zip([0, *cuts], ends, strict=True)) == outcome([data])


@given(st.lists(st.text(max_size=30), max_size=6))
def test_any_text_arrives_unchanged(texts: list[str]) -> None:
    assert outcome([whole(*texts)]).text == "".join(texts)
    escaped = b"".join(
        b"data: " + json.dumps({"choices": [{"delta": {"content": text}}]}).encode() + b"\n\n"
        for text in texts
    )
    assert outcome([escaped + DONE]).text == "".join(texts)


def test_a_line_of_2_mib_is_one_chunk() -> None:
    text = "x" * (2 * 1024 * 1024)
    data = chunk(text) + DONE
    result = outcome(data[i : i + 65536] for i in range(0, len(data), 65536))
    assert result.text == text


def test_the_providers_words_are_redacted_and_cut() -> None:
    redaction = Redaction("sk-secret-key", ["Tell me about my illness, doctor."])
    words = "sk-secret-key may not ask 'Tell me about my illness, doctor.' " + "why " * 500
    result = outcome([event({"error": {"message": words}})], redaction)
    assert isinstance(result.end, tuple)
    assert "secret" not in result.end[1]
    assert "illness" not in result.end[1]
    assert len(result.end[1]) < 360


@pytest.mark.parametrize("data", ['{"prompt": "my secret', '{"choices": "my secret"}', "my secret"])
def test_what_cannot_be_read_is_not_repeated(data: str) -> None:
    with pytest.raises(BackendError) as raised:
        ChatStream(Redaction(None, [])).feed(SSEEvent("message", data.encode()))
    assert "secret" not in str(raised.value)
