"""Turns: what one adds, what it took, and half a character between two of them."""

import pytest

from agents import BackendIncomplete, Finished, TextDelta
from agents.asking.turn import Turn
from agents.backends.protocol import ToolCallDelta
from shared_events.events import Usage
from tests.agents.collecting import asking


def turn_of(
    *texts: str, end: Finished | None = None, max_tokens: int | None = None, before: str = ""
) -> Turn:
    turn = Turn(asking("x", max_tokens=max_tokens), before=before)
    for text in texts:
        turn.take(TextDelta(text))
    turn.take(end or Finished("length"))
    turn.rest()
    return turn


def test_it_adds_what_was_not_said_before() -> None:
    assert turn_of("jumps over the fence", " and on", before="The fox jumps over the fence").said == " and on"


@pytest.mark.parametrize(
    ("usage", "max_tokens", "tokens"),
    [
        (Usage(output_tokens=7), 5, 7),
        (Usage(output_tokens=7, estimated=True), None, 3),
        (Usage(input_tokens=7), None, 3),
        (None, None, 3),
        (None, 2, 2),
    ],
)
def test_its_tokens_are_the_providers_or_an_estimate(
    usage: Usage | None, max_tokens: int | None, tokens: int
) -> None:
    assert turn_of("x" * 12, end=Finished("length", usage), max_tokens=max_tokens).tokens == tokens


def test_what_was_repeated_was_paid_for() -> None:
    turn = turn_of("jumps over the fence", before="The fox jumps over the fence")
    assert (turn.said, turn.tokens) == ("", 5)


def test_it_keeps_half_a_pair_for_the_next_turn() -> None:
    turn = turn_of("a\ud83c")
    assert (turn.said, turn.half) == ("a", "\ud83c")
    following = Turn(asking("x"), before="a", half=turn.half)
    assert following.take(TextDelta("")) is None
    assert following.take(TextDelta("\udf31")) == TextDelta("🌱")


def test_it_says_whether_it_calls_tools() -> None:
    turn = turn_of()
    assert not turn.calls_tools
    turn.take(ToolCallDelta(0))
    assert turn.calls_tools


def test_without_an_end_it_is_incomplete() -> None:
    with pytest.raises(BackendIncomplete):
        Turn(asking("x")).finished()
