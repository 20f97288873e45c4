"""The bytes of streamed messages, in every form that we know of, and what they say."""

from agents.backends.protocol import Finished, ToolCall
from shared_events.events import Usage
from tests.agents.backends.anthropic_bytes import (
    PING,
    STOP,
    change,
    closes,
    delta,
    event,
    failed,
    opens,
    start,
    text,
    whole,
)
from tests.agents.backends.dialects.reading_cases import Broken, Complete, Outcome

END = Finished("stop")
COUNTED = Finished("stop", Usage(input_tokens=3, output_tokens=2))


def json(piece: str, index: int = 0) -> bytes:
    return delta(index, "input_json_delta", partial_json=piece)


COMPLETE = {
    "usual": Complete(whole("Hello", " you"), Outcome("Hello you", COUNTED)),
    "many bytes": Complete(whole("ü", "水", "🌱"), Outcome("ü水🌱", COUNTED)),
    "escaped": Complete(
        rb'data: {"type":"content_block_delta","delta":{"type":"text_delta","text":"\u00fc\ud83c\udf31\n"}}'
        + b"\n\n"
        + STOP,
        Outcome("ü🌱\n", END),
    ),
    "half a pair, escaped": Complete(
        rb'data: {"type":"content_block_delta","delta":{"type":"text_delta","text":"a\ud83c"}}' + b"\n\n"
        rb'data: {"type":"content_block_delta","delta":{"type":"text_delta","text":"\udf31b"}}'
        + b"\n\n"
        + STOP,
        Outcome("a\ud83c\udf31b", END),
    ),
    "CR LF, byte order mark and comments": Complete(
        b"\xef\xbb\xbf: hello\n\n" + whole("x").replace(b"\n", b"\r\n") + b": bye", Outcome("x", COUNTED)
    ),
    "CR": Complete(whole("x").replace(b"\n", b"\r"), Outcome("x", COUNTED)),
    "data of several lines": Complete(
        b'data: {"type":\ndata: "content_block_delta",\ndata: "delta":{"type":"text_delta","text":"x"}}\n\n'
        + STOP,
        Outcome("x", END),
    ),
    "the type last, in other white space": Complete(
        b'data: { "delta": {"type": "text_delta", "text": "x"}, "type" : "content_block_delta" }\n\n'
        b'data: {"type": "message_stop"}\n\n',
        Outcome("x", END),
    ),
    "the type in the event's name only": Complete(
        b'event: content_block_delta\ndata: {"delta": {"type": "text_delta", "text": "x"}}\n\n'
        b"event: message_stop\ndata: {}\n\n",
        Outcome("x", END),
    ),
    "pings everywhere": Complete(
        PING + start() + PING + text("a") + PING * 2 + text("b") + PING + change() + PING + STOP + PING,
        Outcome("ab", END),
    ),
    "text after the end": Complete(text("x") + STOP + text("y"), Outcome("x", END)),
    "text at the beginning of a block": Complete(opens(text="a") + text("b") + STOP, Outcome("ab", END)),
    "thinking": Complete(
        start()
        + opens(type_="thinking", thinking="")
        + delta(type_="thinking_delta", thinking="hm")
        + delta(type_="thinking_delta", thinking=", well")
        + delta(type_="signature_delta", signature="c2lnbg==")
        + closes()
        + opens(1, "redacted_thinking", data="c2VjcmV0")
        + closes(1)
        + text("x", 2)
        + change()
        + STOP,
        Outcome("x", END, reasoning="hm, well"),
    ),
    "empty pieces": Complete(
        text("") + delta(type_="thinking_delta", thinking="") + json("") + text("x") + STOP, Outcome("x", END)
    ),
    "what we pass over": Complete(
        event(
            "content_block_delta", index=0, delta={"type": "citations_delta", "citation": {"text": "cited"}}
        )
        + event("content_block_delta", index=0, delta={"type": "future_delta", "text": "from the future"})
        + event("future_event", delta=5, index="x", content_block=[])
        + opens(1, "server_tool_use", id="s1", name="web_search", input={})
        + json('{"query": "weat', 1)
        + closes(1)
        + opens(2, "web_search_tool_result", tool_use_id="s1", content=[{"type": "web_search_result"}])
        + closes(2)
        + text("x", 3)
        + b"data: [DONE]\n\n"
        + b"data:\n\n"
        + STOP,
        Outcome("x", END),
    ),
    "tool calls in pieces": Complete(
        text("I look.")
        + closes()
        + opens(1, "tool_use", id="t1", name="weather", input={})
        + json("", 1)
        + json('{"city": "Z', 1)
        + PING
        + json('ürich 🌱"}', 1)
        + closes(1)
        + opens(2, "tool_use", id="t2", name="time", input={})
        + closes(2)
        + change("tool_use")
        + STOP,
        Outcome(
            "I look.",
            Finished("tool_calls"),
            calls=(ToolCall("t1", "weather", '{"city": "Zürich 🌱"}'), ToolCall("t2", "time", "")),
        ),
    ),
    "tool calls at once": Complete(
        opens(0, "tool_use", id="t1", name="f", input={"a": "ü"})
        + closes(0)
        + opens(1, "tool_use", id="t2", name="g", input={"given": "but then said in pieces"})
        + json("{}", 1)
        + closes(1)
        + opens(2, "tool_use", id="t3", name="h", input={"b": 1})
        + change("tool_use")
        + STOP,
        Outcome(
            "",
            Finished("tool_calls"),
            calls=(
                ToolCall("t1", "f", '{"a": "ü"}'),
                ToolCall("t2", "g", "{}"),
                ToolCall("t3", "h", '{"b": 1}'),
            ),
        ),
    ),
    "usage with a cache": Complete(
        start(input_tokens=3, cache_read_input_tokens=100, cache_creation_input_tokens=20, output_tokens=1)
        + change(output_tokens=5)
        + change(output_tokens=9)
        + STOP,
        Outcome("", Finished("stop", Usage(input_tokens=123, output_tokens=9))),
    ),
    "usage that is corrected at the end": Complete(
        start(input_tokens=3, cache_read_input_tokens=4, output_tokens=1)
        + change(input_tokens=30, output_tokens=9)
        + STOP,
        Outcome("", Finished("stop", Usage(input_tokens=34, output_tokens=9))),
    ),
    "usage in strange forms": Complete(
        start(input_tokens=1)
        + event("message_delta", delta={}, usage=[])
        + event(
            "message_delta", usage={"input_tokens": -1, "output_tokens": "2", "cache_read_input_tokens": None}
        )
        + event("message_delta", delta={"stop_reason": None}, usage={"output_tokens": 2})
        + STOP,
        Outcome("", Finished("stop", Usage(input_tokens=1, output_tokens=2))),
    ),
    **{
        f"the stop reason {said}": Complete(text("x") + change(said) + STOP, Outcome("x", Finished(reason)))
        for said, reason in {
            "stop_sequence": "stop",
            "max_tokens": "length",
            "refusal": "content_filter",
            "pause_turn": "pause_turn",
            "model_context_window_exceeded": "model_context_window_exceeded",
        }.items()
    },
}
BROKEN = {
    "nothing": Broken(b"", "", "backend_incomplete", "ended with nothing"),
    "no end": Broken(
        start() + text("a") + text("b"), "ab", "backend_incomplete", "after 3 events, without its end marker"
    ),
    "a stop reason, but no end": Broken(
        text("a") + change("end_turn", output_tokens=1), "a", "backend_incomplete", "without its end marker"
    ),
    "half a line": Broken(text("a") + text("b")[:-9], "a", "backend_incomplete", "after 1 events"),
    "half an end": Broken(text("a") + STOP[:-1], "a", "backend_incomplete", "after 1 events"),
    "only pings": Broken(PING * 3, "", "backend_incomplete", "after 3 events"),
    "HTML": Broken(b"<html>\n<p>Hello</p>\n\n</html>", "", "backend_incomplete", "ended with nothing"),
    "overloaded in the middle": Broken(
        start() + text("a") + failed("overloaded_error", "Overloaded") + STOP,
        "a",
        "backend_unavailable",
        "error of the provider: Overloaded",
    ),
    "a rate limit in the middle": Broken(
        text("a") + failed("rate_limit_error", "Slow down"), "a", "backend_rate_limited", "Slow down"
    ),
    "an invalid request in the middle": Broken(
        failed("invalid_request_error", "No"), "", "backend_rejected", "provider: No"
    ),
    "an unknown error": Broken(failed("future_error", "Hm"), "", "backend_unavailable", "Hm"),
    "an error without its event line": Broken(
        b'data: {"error": {"message": "Hm", "type": "api_error"}, "type": "error"}\n\n',
        "",
        "backend_unavailable",
        "Hm",
    ),
    "an error without any type": Broken(
        b'data: {"error": {"message": "Hm", "code": 429}}\n\n', "", "backend_rate_limited", "Hm"
    ),
    "an error in plain text": Broken(b"event: error\ndata: gone\n\n", "", "backend_unavailable", "gone"),
    "an error without words": Broken(
        b'event: error\ndata: {"type":"error"}\n\n', "", "backend_unavailable", "provider: error"
    ),
    "half a tool call": Broken(
        text("a")
        + opens(1, "tool_use", id="t", name="f", input={})
        + json('{"a', 1)
        + change("max_tokens")
        + STOP,
        "a",
        "backend_incomplete",
        "in the middle of a tool call",
    ),
    "too many tool calls": Broken(
        opens(0, "tool_use", id="t", name="f") * 129 + STOP,
        "",
        "backend_protocol",
        "more than 128 tool calls",
    ),
    "not JSON": Broken(text("a") + b"data: hello\n\n", "a", "backend_protocol", "Event 2 .* is not JSON"),
    "cut JSON": Broken(
        b'data: {"type":"content_block_delta","delta":{\n\n', "", "backend_protocol", "is not JSON"
    ),
    "half a type": Broken(b'data: {"type":"content_bl\n\n', "", "backend_protocol", "is not JSON"),
    "NaN": Broken(
        b'data: {"type":"message_delta","usage":{"output_tokens":NaN}}\n\n',
        "",
        "backend_protocol",
        "not JSON",
    ),
    "no object": Broken(b"data: []\n\n", "", "backend_protocol", "Expected `object`, got `array`"),
    "a wrong type": Broken(delta(text=5), "", "backend_protocol", r"\$.delta.text"),
    "a delta without its delta": Broken(event("content_block_delta"), "", "backend_protocol", "`delta`"),
    "a type that is no word": Broken(b'data: {"type":5}\n\n', "", "backend_protocol", r"\$.type"),
    "a wrong type beside half a pair": Broken(
        rb'data: {"type":"content_block_delta","x":"\ud83c","delta":5}' + b"\n\n",
        "",
        "backend_protocol",
        r"\$.delta",
    ),
    "very deep": Broken(b"data: " + b"[" * 100_000 + b"\n\n", "", "backend_protocol", "cannot be read"),
    "not UTF-8": Broken(text("a") + b"data: \xff\n\n", "a", "backend_protocol", "not UTF-8"),
}
