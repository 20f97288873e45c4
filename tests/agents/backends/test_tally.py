"""What is owed at an answer's end: counts, and whole tool calls; and how much a provider may say of them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents import BackendError, Delta, Finished, TextDelta
from agents.backends.protocol import ChatMessage, ChatRequest, ReasoningDelta, ToolCallDelta
from agents.backends.tally import ARGUMENTS_LIMIT, MOST_CALLS, Tally
from shared_events.events import Usage

REQUEST = ChatRequest((ChatMessage("user", "12345678"),))


def end_after(*deltas: Delta, usage: Usage | None = None) -> Delta:
    tally = Tally(REQUEST)
    for delta in deltas:
        assert tally.take(delta) is delta
    return tally.take(Finished("stop", usage))


def call(arguments: str, index: int = 0, name: str | None = "rain") -> ToolCallDelta:
    return ToolCallDelta(index, "c", name, arguments)


def test_what_the_provider_counted_stays() -> None:
    usage = Usage(input_tokens=1, output_tokens=0)
    assert end_after(TextDelta("x" * 100), usage=usage) == Finished("stop", usage)


def test_what_nobody_counted_is_estimated_and_says_so() -> None:
    deltas = (TextDelta("1234"), ReasoningDelta("1234"), call("{}"), call("  ", name=None))
    assert end_after(*deltas) == Finished("stop", Usage(input_tokens=2, output_tokens=3, estimated=True))
    assert end_after() == Finished("stop", Usage(input_tokens=2, output_tokens=0, estimated=True))


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=5), min_size=1, max_size=4), st.data())
def test_a_call_is_whole_only_with_its_last_byte(arguments: dict[str, str], draw: st.DataObject) -> None:
    text = json.dumps(arguments, ensure_ascii=False)
    cut = draw.draw(st.integers(1, len(text) - 1))
    begun, rest = call(text[:cut]), call(text[cut:], name=None)
    assert isinstance(end_after(begun, rest), Finished)
    with pytest.raises(BackendError):
        end_after(begun)


def test_a_surrogate_pair_may_be_cut_between_two_pieces() -> None:
    assert isinstance(end_after(call('{"a": "\ud83c'), call('\udf31"}', name=None)), Finished)


def test_a_call_without_arguments_is_whole() -> None:
    assert isinstance(end_after(call("")), Finished)


@pytest.mark.parametrize("arguments", ['{"a": "b', "{", "[]", "null", '{"a": }', "{" * 100_000])
def test_a_call_whose_arguments_are_no_object_was_cut(arguments: str) -> None:
    with pytest.raises(BackendError, match="in the middle of a tool call") as raised:
        end_after(call("{}", 0), call(arguments, 1))
    assert raised.value.code == "backend_incomplete"


def test_a_call_without_a_name_was_cut() -> None:
    with pytest.raises(BackendError, match="in the middle of a tool call"):
        end_after(call("{}", name=None))


def test_calls_are_told_apart_by_their_index() -> None:
    deltas = [call('{"a": ', 5), call('{"b": ', -1), call("1}", 5, None), call("2}", -1, None)]
    assert isinstance(end_after(*deltas), Finished)


def test_too_many_calls_are_an_error_at_once() -> None:
    tally = Tally(REQUEST)
    for index in range(MOST_CALLS):
        tally.take(call("{}", index))
    with pytest.raises(BackendError, match=f"more than {MOST_CALLS} tool calls") as raised:
        tally.take(call("{}", MOST_CALLS))
    assert raised.value.code == "backend_protocol"


def test_too_long_arguments_are_an_error_at_once() -> None:
    tally = Tally(REQUEST)
    tally.take(call("x" * ARGUMENTS_LIMIT))
    with pytest.raises(BackendError, match=f"{ARGUMENTS_LIMIT} characters"):
        tally.take(call("x"))


def test_pieces_without_arguments_fill_no_memory() -> None:
    tally = Tally(REQUEST)
    for _ in range(1_000):
        tally.take(call(""))
    assert not any(tally._calls.values())
