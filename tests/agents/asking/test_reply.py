"""Replies: what the deltas of an answer come to."""

from agents import Finished, ReasoningDelta, TextDelta, ToolCall, ToolCallDelta
from agents.asking.reply import Reply, ReplyBuilder
from shared_events.events import Usage


def built(*deltas: TextDelta | ReasoningDelta | ToolCallDelta | Finished) -> Reply:
    builder = ReplyBuilder()
    for delta in deltas:
        builder.take(delta)
    return builder.reply(backend="b", model="m")


def test_text_and_reasoning_are_joined_each_for_itself() -> None:
    usage = Usage(input_tokens=1, output_tokens=2)
    reply = built(
        ReasoningDelta("Hm"),
        TextDelta("Hel\ud83c"),
        ReasoningDelta("m."),
        TextDelta("\udf31lo"),
        Finished("stop", usage),
    )
    assert reply == Reply("Hel🌱lo", "Hmm.", (), "stop", usage, "b", "m")
    assert f"{reply}" == "Hel🌱lo"


def test_tool_calls_are_put_together_by_their_index() -> None:
    reply = built(
        ToolCallDelta(1, "b", "look"),
        ToolCallDelta(0, "a", "find", '{"q":'),
        ToolCallDelta(1, arguments='{"at": 1}'),
        ToolCallDelta(0, arguments=' "x"}'),
        Finished("tool_calls"),
    )
    assert reply.tool_calls == (ToolCall("a", "find", '{"q": "x"}'), ToolCall("b", "look", '{"at": 1}'))
    assert reply.finish_reason == "tool_calls"


def test_a_call_without_id_or_arguments_gets_what_it_needs() -> None:
    (call,) = built(ToolCallDelta(3, name="now"), Finished("tool_calls")).tool_calls
    assert call == ToolCall("call_3", "now", "{}")
