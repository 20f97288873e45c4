"""The bytes of streamed responses, in every form that we know of, and what they say."""

from typing import Any

from agents.backends.protocol import Finished, ToolCall
from shared_events.events import Usage
from tests.agents.backends.dialects.reading_cases import Broken, Complete, Outcome
from tests.agents.backends.responses_bytes import (
    COUNTS,
    Event,
    answer,
    argument,
    call,
    end,
    event,
    sent,
    text,
    thought,
    whole,
)

END = Finished("stop")
COUNTED = Finished("stop", Usage(input_tokens=3, output_tokens=2))


def says(*events: Event, **options: Any) -> bytes:
    """A stream of `events` and a good end, without counts."""
    return sent([*events, end()], **options)


def broken(*events: Event) -> bytes:
    return sent([text("a"), *events])


COMPLETE = {
    "usual": Complete(whole("Hello", " you"), Outcome("Hello you", COUNTED)),
    "many bytes": Complete(whole("ü", "水", "🌱"), Outcome("ü水🌱", COUNTED)),
    "escaped": Complete(
        rb'data: {"type":"response.output_text.delta","delta":"\u00fc\ud83c\udf31\n"}' + b"\n\n" + says(),
        Outcome("ü🌱\n", END),
    ),
    "half a pair, escaped": Complete(
        rb'data: {"type":"response.output_text.delta","delta":"a\ud83c"}' + b"\n\n"
        rb'data: {"type":"response.output_text.delta","delta":"\udf31b"}' + b"\n\n" + says(),
        Outcome("a\ud83c\udf31b", END),
    ),
    "CR LF, byte order mark and comments": Complete(
        b"\xef\xbb\xbf: hello\n\n" + whole("x").replace(b"\n", b"\r\n") + b": bye", Outcome("x", COUNTED)
    ),
    "CR": Complete(whole("x").replace(b"\n", b"\r"), Outcome("x", COUNTED)),
    "data of several lines": Complete(
        b'data: {"type":\ndata: "response.output_text.delta",\ndata: "delta":"x"}\n\n' + says(),
        Outcome("x", END),
    ),
    "comments in between": Complete(
        b": ping\n\n".join([says(text("a")).replace(b"\n\n", b"\n\n: ping\n\n"), b""]), Outcome("a", END)
    ),
    "without names": Complete(sent(answer(text("x")), named=False), Outcome("x", COUNTED)),
    "without numbers": Complete(sent(answer(text("x")), numbered=False), Outcome("x", COUNTED)),
    "numbers from 1, some left out": Complete(
        sent([event("response.created", response={})])[:-2] + b"\n\n"
        b'data: {"type":"response.output_text.delta","delta":"x","sequence_number":1}\n\n'
        b'data: {"type":"response.output_text.delta","delta":"y"}\n\n'
        b'data: {"type":"response.completed","response":{},"sequence_number":2}\n\n',
        Outcome("xy", END),
    ),
    "the type last, in other white space": Complete(
        b'data: { "delta" : "x", "type" : "response.output_text.delta" }\n\n' + says(), Outcome("x", END)
    ),
    "text after the end": Complete(says(text("x")) + sent([text("y")], numbered=False), Outcome("x", END)),
    "refusal": Complete(says(event("response.refusal.delta", delta="No.")), Outcome("No.", END)),
    "thinking, and a summary of it": Complete(
        says(thought("hm"), thought(", well", "text"), text("x")), Outcome("x", END, reasoning="hm, well")
    ),
    "empty pieces": Complete(
        says(text(""), thought(""), call(), argument(""), call(state="done", arguments="{}"), text("x")),
        Outcome("x", Finished("tool_calls"), calls=(ToolCall("call_1", "f", "{}"),)),
    ),
    "what we pass over": Complete(
        says(
            event("response.future", delta=5, item=[], response="no"),
            event("response.output_text.done", text="not again"),
            event("response.content_part.added", part={"type": "output_text", "text": "not again"}),
            event("response.output_item.added", output_index=3, item={"type": "web_search_call", "id": "w"}),
            event("response.output_item.done", output_index=3, item={"type": "future", "content": "x"}),
            argument('{"of": "nobody', index=9),
            event("keepalive"),
            text("x"),
        ),
        Outcome("x", END),
    ),
    "tool calls in pieces": Complete(
        says(
            text("I look."),
            call(1, name="weather"),
            call(2, name="time"),
            argument('{"city": "Z'),
            argument("{}", index=2),
            argument('ürich 🌱"}'),
            event("response.function_call_arguments.done", output_index=1, arguments='{"city": "Zürich 🌱"}'),
            call(1, '{"city": "Zürich 🌱"}', state="done"),
            call(2, "{}", state="done"),
        ),
        Outcome(
            "I look.",
            Finished("tool_calls"),
            calls=(ToolCall("call_1", "weather", '{"city": "Zürich 🌱"}'), ToolCall("call_2", "time", "{}")),
        ),
    ),
    "tool calls at once": Complete(
        says(
            call(1),
            event("response.function_call_arguments.done", output_index=1, arguments='{"a":1}'),
            call(1, '{"a":1}', state="done"),
            call(2, call_id=None),
            call(2, '{"b":2}', state="done"),
        ),
        Outcome(
            "",
            Finished("tool_calls"),
            calls=(ToolCall("call_1", "f", '{"a":1}'), ToolCall("fc_2", "f", '{"b":2}')),
        ),
    ),
    "usage in strange forms": Complete(
        sent([end(usage={"input_tokens": -1, "output_tokens": "2"})]), Outcome("", END)
    ),
    "usage that is no object": Complete(sent([end(usage=[])]), Outcome("", END)),
    "cut at its length": Complete(
        sent(
            [text("x"), end("incomplete", incomplete_details={"reason": "max_output_tokens"}, usage=COUNTS)]
        ),
        Outcome("x", Finished("length", COUNTED.usage)),
    ),
    "cut by a filter": Complete(
        sent([text("x"), end("incomplete", incomplete_details={"reason": "content_filter"})]),
        Outcome("x", Finished("content_filter")),
    ),
    "cut for a reason of its own": Complete(
        sent([end("incomplete", incomplete_details={"reason": "tired"})]), Outcome("", Finished("tired"))
    ),
    "cut without a reason": Complete(sent([end("incomplete")]), Outcome("", Finished("incomplete"))),
    "completed, but cut": Complete(
        sent([event("response.completed", response={"status": "incomplete"})]),
        Outcome("", Finished("incomplete")),
    ),
}
BROKEN = {
    "nothing": Broken(b"", "", "backend_incomplete", "ended with nothing"),
    "no end": Broken(broken(text("b")), "ab", "backend_incomplete", "after 2 events, without its end marker"),
    "half a line": Broken(broken(text("b"))[:-9], "a", "backend_incomplete", "after 1 events"),
    "half an end": Broken(says(text("a"))[:-1], "a", "backend_incomplete", "after 1 events"),
    "DONE, but no end": Broken(broken() + b"data: [DONE]\n\n", "a", "backend_incomplete", "end marker"),
    "HTML": Broken(b"<html>\n<p>Hello</p>\n\n</html>", "", "backend_incomplete", "ended with nothing"),
    "a gap in the numbers": Broken(
        broken() + sent([text("b"), text("c"), end()])[len(sent([text("b")])) :].replace(b'":1}', b'":2}'),
        "a",
        "backend_protocol",
        "Event 2 of the answer has the number 2 where 1 was due",
    ),
    "a number twice": Broken(
        broken() + sent([text("a")]), "a", "backend_protocol", "the number 0 where 1 was due"
    ),
    "a gap at an event that we pass over": Broken(
        broken() + b'data: {"type":"response.future","sequence_number":7}\n\n',
        "a",
        "backend_protocol",
        "number 7",
    ),
    "a number that is none": Broken(
        b'data: {"type":"response.output_text.delta","delta":"x","sequence_number":"1"}\n\n',
        "",
        "backend_protocol",
        r"\$.sequence_number",
    ),
    "failed": Broken(
        broken(end("failed", error={"code": "server_error", "message": "The model stumbled."})),
        "a",
        "backend_unavailable",
        "error of the provider: The model stumbled.",
    ),
    "failed for the rate": Broken(
        broken(end("failed", error={"code": "rate_limit_exceeded", "message": "Slow down"})),
        "a",
        "backend_rate_limited",
        "Slow down",
    ),
    "failed for the prompt": Broken(
        broken(end("failed", error={"code": "invalid_prompt", "message": "No"})),
        "a",
        "backend_rejected",
        "No",
    ),
    "failed without a word": Broken(
        broken(event("response.failed", response={})), "a", "backend_unavailable", "provider: failed"
    ),
    "completed, but failed": Broken(
        broken(event("response.completed", response={"status": "failed"})),
        "a",
        "backend_unavailable",
        "failed",
    ),
    "an error": Broken(
        broken(event("error", code="rate_limit_exceeded", message="Slow down", param=None)),
        "a",
        "backend_rate_limited",
        "Slow down",
    ),
    "an error in an object": Broken(
        broken(event("error", error={"type": "server_error", "message": "Gone"})),
        "a",
        "backend_unavailable",
        "Gone",
    ),
    "an error without any type": Broken(
        b'data: {"error": {"message": "Hm", "code": 429}}\n\n', "", "backend_rate_limited", "Hm"
    ),
    "an error in plain text": Broken(b"event: error\ndata: gone\n\n", "", "backend_unavailable", "gone"),
    "half a tool call": Broken(
        says(text("a"), call(), argument('{"a')), "a", "backend_incomplete", "in the middle of a tool call"
    ),
    "not JSON": Broken(broken() + b"data: hello\n\n", "a", "backend_protocol", "Event 2 .* is not JSON"),
    "cut JSON": Broken(
        b'data: {"type":"response.output_text.delta","delta":\n\n', "", "backend_protocol", "is not JSON"
    ),
    "NaN": Broken(
        b'data: {"type":"response.completed","response":{"usage":NaN}}\n\n',
        "",
        "backend_protocol",
        "not JSON",
    ),
    "no object": Broken(b"data: []\n\n", "", "backend_protocol", "Expected `object`, got `array`"),
    "a wrong type": Broken(
        sent([event("response.output_text.delta", delta=5)]), "", "backend_protocol", "delta"
    ),
    "a wrong type beside half a pair": Broken(
        rb'data: {"type":"response.output_text.delta","x":"\ud83c","delta":5}' + b"\n\n",
        "",
        "backend_protocol",
        r"\$.delta",
    ),
    "very deep": Broken(b"data: " + b"[" * 100_000 + b"\n\n", "", "backend_protocol", "cannot be read"),
    "not UTF-8": Broken(broken() + b"data: \xff\n\n", "a", "backend_protocol", "not UTF-8"),
}
