"""Whole answers in pieces: their join is the text, and however long it is, there are few of them."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.backends.paced import MOST_PIECES, paced, pieces
from agents.backends.protocol import Delta, Finished, ReasoningDelta, TextDelta, ToolCallDelta
from tests.waiting import eventually


def test_a_piece_is_a_word_with_the_space_before_it() -> None:
    assert pieces("Hello,  you\n\nthere. ") == ["Hello,", "  you", "\n\nthere.", " "]
    assert pieces("") == []


def test_a_word_without_end_is_cut() -> None:
    assert [len(piece) for piece in pieces("x" * 100)] == [40, 40, 20]


@given(st.text(st.characters(codec=None), max_size=2_000), st.integers(1, 40))
def test_the_pieces_are_the_text_and_not_too_many(text: str, times: int) -> None:
    cut = pieces(text * times)
    assert "".join(cut) == text * times
    assert all(cut)
    assert len(cut) <= MOST_PIECES


def test_16_mib_are_cut_at_once() -> None:
    begin = time.monotonic()
    for text in ("a ", "水", " ", "x", "\n\t"):
        assert 1 <= len(pieces(text * (16 * 1024 * 1024 // len(text)))) <= MOST_PIECES
    assert time.monotonic() - begin < 5


async def given_on(*deltas: Delta) -> list[list[Delta]]:
    return [list(batch) async for batch in paced(deltas)]


async def test_all_that_is_not_text_stays_as_it_is_and_in_its_place() -> None:
    rest: list[Delta] = [ToolCallDelta(0, "c", "rain", '{"city": "Bad Ems"}'), Finished("tool_calls")]
    batches = await given_on(ReasoningDelta("A b c."), TextDelta("One two"), *rest)
    flat = [delta for batch in batches for delta in batch]
    assert flat == [ReasoningDelta("A b c."), TextDelta("One"), TextDelta(" two"), *rest]
    assert len(batches) > 1


async def test_a_long_text_takes_no_longer_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.backends.paced.LONGEST_S", 0.25)
    begin = time.monotonic()
    batches = await given_on(TextDelta("word " * 20_000), Finished("stop"))
    assert time.monotonic() - begin >= 0.24
    assert sum(map(len, batches)) <= MOST_PIECES + 1
    assert len(batches) > 3


async def test_who_comes_late_gets_all_that_is_due() -> None:
    batches = paced([TextDelta("word " * 10_000)])
    first = await anext(batches)
    due = time.monotonic() + 0.1
    await eventually(lambda: time.monotonic() > due)
    assert len(await anext(batches)) > 5 * len(first)
    await batches.aclose()


async def test_nothing_is_nothing() -> None:
    assert await given_on() == []
