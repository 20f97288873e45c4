"""The replay: what a new attempt says again is not published twice, and the text becomes its own."""

import itertools
from collections.abc import Iterator
from typing import Final

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from shared_events.fold import rewind, utf16_length
from tests.model.mutation import Mutant
from workers.replay import Fresh, Replay

LETTERS: Final = "ab🙂é"
"""Few, so that texts agree; one of them counts twice in UTF-16."""
TEXTS: Final = st.text(LETTERS, max_size=12)
EXAMPLES: Final = settings(
    max_examples=300,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    report_multiple_bugs=False,
)

MUTANTS: Final = {
    "it takes back more than differs": Mutant(
        "workers.replay:Replay._take_back", "self._text[: self._matched]", "self._text[: self._matched - 1]"
    ),
    "it counts code points": Mutant(
        "workers.replay:Replay._take_back", "utf16_length(self._text)", "len(self._text)"
    ),
    "it takes nothing back": Mutant(
        "workers.replay:Replay._take_back", "return utf16_length(self._text)", "return None"
    ),
    "it takes back again and again": Mutant(
        "workers.replay:Replay._take_back", "self._text = self._text[: self._matched]", "pass"
    ),
    "it says again what is there": Mutant("workers.replay:Replay.feed", "text[same:]", "text"),
    "it compares from the beginning": Mutant(
        "workers.replay:Replay._common", "startswith(text, self._matched)", "startswith(text)"
    ),
    "it overlooks where it differs": Mutant("workers.replay:Replay._common", "one != other", "False"),
    "it takes back at the first chance": Mutant(
        "workers.replay:Replay.feed", 'return Fresh(None, "")', 'return Fresh(self._take_back(), "")'
    ),
}


def cut(text: str, places: list[int]) -> list[str]:
    """`text` in pieces; some may be empty."""
    at = [0, *sorted(min(place, len(text)) for place in places), len(text)]
    return [text[start:stop] for start, stop in itertools.pairwise(at)]


def published(old: str, pieces: list[str]) -> Iterator[Fresh]:
    """All that an attempt publishes which says `pieces` and comes to its end."""
    replay = Replay(old)
    for piece in pieces:
        yield replay.feed(piece)
    yield Fresh(replay.finish(), "")


def common(one: str, other: str) -> int:
    pairs = zip(one, other, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def check(old: str, pieces: list[str]) -> int | None:
    """That the followers of `old` get to what the pieces say, with no word twice; where they went back to."""
    said = list(published(old, pieces))
    text = old
    for fresh in said:
        text = (text if fresh.rewind is None else rewind(text, fresh.rewind)) + fresh.text
    new = "".join(pieces)
    assert text == new
    assert "".join(fresh.text for fresh in said) == new[common(old, new) :]
    backs = [fresh.rewind for fresh in said if fresh.rewind is not None]
    assert backs == ([] if new.startswith(old) else [utf16_length(old[: common(old, new)])])
    return backs[0] if backs else None


def check_any(met: set[str] | None = None) -> None:
    """Any old text and any cuts of any new one, which often begins as the old one does."""

    @EXAMPLES
    @given(TEXTS, st.integers(0, 12), TEXTS, st.lists(st.integers(0, 24), max_size=6))
    def holds(old: str, shared: int, more: str, places: list[int]) -> None:
        back = check(old, cut(old[:shared] + more, places))
        if met is not None:
            met.add("goes on" if back is None else "begins anew" if back == 0 else "goes back")

    holds()


def test_whatever_was_said_before_the_text_becomes_the_new_one_and_no_word_is_said_twice() -> None:
    met: set[str] = set()
    check_any(met)
    assert met == {"goes on", "goes back", "begins anew"}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_found_out(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    MUTANTS[name].apply(monkeypatch)
    with pytest.raises(AssertionError):
        check_any()


@pytest.mark.parametrize(
    ("old", "pieces", "expected"),
    [
        ("", ["a", "b"], [Fresh(None, "a"), Fresh(None, "b"), Fresh(None, "")]),
        ("ab", ["a", "b"], [Fresh(None, ""), Fresh(None, ""), Fresh(None, "")]),
        ("ab", ["abc"], [Fresh(None, "c"), Fresh(None, "")]),
        ("ab", ["a", "x", "y"], [Fresh(None, ""), Fresh(1, "x"), Fresh(None, "y"), Fresh(None, "")]),
        ("🙂b", ["🙂x"], [Fresh(2, "x"), Fresh(None, "")]),
        ("ab", ["a"], [Fresh(None, ""), Fresh(1, "")]),
        ("ab", [], [Fresh(0, "")]),
        ("aa", ["", "aaa"], [Fresh(None, ""), Fresh(None, "a"), Fresh(None, "")]),
    ],
)
def test_what_is_published_is_the_least_that_does(old: str, pieces: list[str], expected: list[Fresh]) -> None:
    assert list(published(old, pieces)) == expected


def said_by(old: str, moves: list[str | int]) -> tuple[str, str]:
    """What the followers of `old` hold after an attempt's `moves`, and what the attempt has said itself.

    A move is a text, or the length that the attempt takes its text back to.
    """
    replay, held, own = Replay(old), old, ""
    for move in moves:
        if isinstance(move, str):
            fresh = replay.feed(move)
            held = (held if fresh.rewind is None else rewind(held, fresh.rewind)) + fresh.text
            own += move
        else:
            own = own[: move % (len(own) + 1)]
            if replay.rewind(len(own)):
                held = rewind(held, utf16_length(own))
        assert held.startswith(own), "followers hold what the attempt has said, and perhaps more"
    last = replay.finish()
    return held if last is None else rewind(held, last), own


MOVES: Final = st.lists(st.one_of(st.text(LETTERS, max_size=6), st.integers(0, 20)), max_size=8)
REWIND_MUTANTS: Final = {
    "it always tells": Mutant("workers.replay:Replay.rewind", "return False", "return True"),
    "it forgets where it stands": Mutant("workers.replay:Replay.rewind", "self._matched = length", "pass"),
    "it never tells": Mutant("workers.replay:Replay.rewind", "return True", "return False"),
}


def check_rewinds(met: set[str] | None = None) -> None:
    @EXAMPLES
    @example("abab", ["abab", 2, "xy"])
    @example("abab", ["ab", 1, "xy"])
    @example("ab", ["abab", 1, "b"])
    @given(TEXTS, MOVES)
    def holds(old: str, moves: list[str | int]) -> None:
        held, own = said_by(old, moves)
        assert held == own
        if met is not None and any(isinstance(move, int) for move in moves):
            met.add("with old text" if old else "without")

    holds()


def test_an_attempt_that_takes_back_leaves_followers_with_its_own_text() -> None:
    met: set[str] = set()
    check_rewinds(met)
    assert met == {"with old text", "without"}


@pytest.mark.parametrize("name", REWIND_MUTANTS)
def test_a_mutant_of_taking_back_is_found_out(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    REWIND_MUTANTS[name].apply(monkeypatch)
    with pytest.raises(AssertionError):
        check_rewinds()
