"""The seam: what a further turn repeats goes, everything else stays, however it comes in pieces."""

import itertools
from collections.abc import Iterator
from typing import Final

import pytest
from hypothesis import Phase, assume, example, given, settings
from hypothesis import strategies as st

from agents.asking import seam as module
from agents.asking.seam import HELD_MOST, WINDOW, Seam
from tests.model.mutation import Mutant

EXAMPLES: Final = settings(
    max_examples=400, derandomize=True, database=None, deadline=None, phases=[Phase.explicit, Phase.generate]
)
CHARACTERS: Final = st.sampled_from("abcdefghij水火山🌱 \n.,-#`\r\t…") | st.characters(codec="utf-8")
WORDS: Final = st.text(CHARACTERS, max_size=80)
FEW: Final = st.text(st.sampled_from("ab \n\r.…-"), max_size=60)
"""So few letters that most of it repeats something."""
PLACES: Final = st.lists(st.integers(0, 80), max_size=6)

OVERLAP: Final = "agents.asking.seam:Seam._overlap"
MUTANTS: Final = {
    "it believes in the shortest": Mutant(OVERLAP, "range(longest, 0, -1)", "range(1, longest + 1)"),
    "it looks for less than there is": Mutant(OVERLAP, "range(longest,", "range(longest - 1,"),
    "it wants more than the least": Mutant(OVERLAP, ">= LEAST and", "> LEAST + 1 and"),
    "it believes in every letter": Mutant(OVERLAP, ">= LEAST and", ">= 1 and"),
    "it begins anew at every letter": Mutant(OVERLAP, ">= LEAST_ANEW and", ">= 1 and"),
    "it does not wait": Mutant("agents.asking.seam:Seam._undecided", "in self._end", "is self._end"),
    "it waits for whole matches only": Mutant(
        "agents.asking.seam:Seam._undecided", "self._turn[skipped:] in self._end", "self._turn == self._end"
    ),
    "it holds everything": Mutant("agents.asking.seam:Seam.feed", "len(text) < room and", ""),
    "it forgets what it did not look at": Mutant("agents.asking.seam:Seam.feed", " + text[room:]"),
    "it says the space again": Mutant(
        "agents.asking.seam:_behind_repetition", "again[len(space) :] + rest", "again + rest"
    ),
    "it loses the space behind": Mutant(
        "agents.asking.seam:_behind_repetition", "again[len(space) :] + rest", "rest"
    ),
    "it takes white space away": Mutant("agents.asking.seam:_behind", "if not space or ", "if "),
    "it goes one too far": Mutant("agents.asking.seam:_index_behind", "count - 1", "count"),
}


def pieces(text: str, places: list[int]) -> list[str]:
    """`text` in pieces; some may be empty."""
    at = [0, *sorted(min(place, len(text)) for place in places), len(text)]
    return [text[start:stop] for start, stop in itertools.pairwise(at)]


def said(before: str, *turn: str) -> Iterator[str]:
    seam = Seam(before)
    yield from (seam.feed(piece) for piece in turn)
    yield seam.finish()


def joined(before: str, *turn: str) -> str:
    return before + "".join(said(before, *turn))


def squeezed(text: str) -> str:
    return "".join(text.split())


def overlap(before: str, turn: str) -> str:
    """The longest end of `before` that `turn` begins with, white space apart: the rule, said the long way."""
    one, other = squeezed(before), squeezed(turn)
    return next((one[begin:] for begin in range(len(one)) if other[: len(one) - begin] == one[begin:]), "")


def check_restarted() -> set[str]:
    """A text that is cut anywhere and begun again some characters before comes out as it was."""
    met: set[str] = set()

    @EXAMPLES
    @given(WORDS, st.text(CHARACTERS, min_size=20, max_size=80), WORDS, PLACES)
    @example("ab", "cdefgh ijklmn", " o", [])
    @example("ab", "cd efghijklm cd", " no", [5])
    def holds(start: str, again: str, rest: str, places: list[int]) -> None:
        before, turn = start + again, again + rest
        assume(len(squeezed(again)) >= module.LEAST and not module._monotonous(squeezed(again)))
        assume(overlap(before, turn) == squeezed(again))
        assert joined(before, *pieces(turn, places)) == start + again + rest
        met.add("at a space" if again[-1].isspace() or rest[:1].isspace() else "in a word")

    holds()
    return met


def check_honest() -> set[str]:
    """A turn that repeats nothing, or next to nothing, is not touched."""
    met: set[str] = set()

    @EXAMPLES
    @given(WORDS, WORDS, PLACES)
    @example("one two", "or three", [1])
    @example("one", "xyz", [])
    def holds(before: str, turn: str, places: list[int]) -> None:
        common = overlap(before, turn)
        assume(module._columns(common) < module.LEAST_ANEW)
        assume(not module._MARKED.match(before.rpartition("\n")[2]))
        assume(not (before[-1:].isspace() and turn[:1].isspace()))
        assert joined(before, *pieces(turn, places)) == before + turn
        met.add("a little in common" if common else "nothing in common")

    holds()
    return met


def check_chunkings() -> set[str]:
    """It does not matter how a turn comes; what is left is its end; what is gone was said already."""
    met: set[str] = set()

    @EXAMPLES
    @given(FEW, FEW, PLACES)
    @example("abcdefgh", "efghxy", [2])
    @example("abcdefgh", "efgh", [])
    @example("abcdefgh", "xyz", [1])
    def holds(before: str, turn: str, places: list[int]) -> None:
        whole = "".join(said(before, turn))
        assert "".join(said(before, *pieces(turn, places))) == whole
        assert "".join(said(before, *turn)) == whole
        assert turn.endswith(whole)
        gone = squeezed(turn[: len(turn) - len(whole)])
        assert any(squeezed(before).endswith(gone.removeprefix(dots)) for dots in ("", "…", "..."))
        met.add("nothing gone" if not gone else "some gone" if whole else "all gone")

    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"WINDOW": 10, "HELD_MOST": 20, "LEAST": 4, "LEAST_ANEW": 2}.items():
            patch.setattr(module, name, value)
        holds()
    return met


def check_bounds() -> None:
    """However long a turn could be a repetition, what is held back is bounded, and comes."""
    for before, turn in [
        ("a" * WINDOW * 3, "a" * HELD_MOST),
        ("word " * WINDOW, " \n" * WINDOW),
        ("word", "." + " " * HELD_MOST),
    ]:
        assert Seam(before).feed(f"{turn}end").endswith("end")
        seam = Seam(before)
        given = seam.feed(turn[: HELD_MOST - 1]) + seam.feed(turn[HELD_MOST - 1 :])
        assert seam.feed("x") == "x"
        assert (seam.finish(), given[-1:]) in {("", turn[-1]), ("", "")}


def test_a_text_that_is_begun_again_comes_out_as_it_was() -> None:
    assert check_restarted() == {"at a space", "in a word"}


def test_a_turn_that_repeats_nothing_is_not_touched() -> None:
    assert check_honest() == {"a little in common", "nothing in common"}


def test_the_chunking_does_not_matter_and_only_what_was_said_goes() -> None:
    assert check_chunkings() == {"nothing gone", "some gone", "all gone"}


def test_what_is_held_back_is_bounded() -> None:
    check_bounds()


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_found_out(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    MUTANTS[name].apply(monkeypatch)
    with pytest.raises((AssertionError, ExceptionGroup, StopIteration)):
        for check in (check_restarted, check_honest, check_chunkings, check_bounds):
            check()


FOX: Final = "The quick brown fox jumps over the lazy dog"


@pytest.mark.parametrize(
    ("before", "turn", "whole"),
    [
        (FOX, f" and {FOX} again.", f"{FOX} and {FOX} again."),
        (FOX, "over the lazy dog and on.", f"{FOX} and on."),
        (FOX, "… over the lazy dog and on.", f"{FOX} and on."),
        (FOX, "...over the lazy dog and on.", f"{FOX} and on."),
        (FOX, "\n\nover the lazy dog and on.", f"{FOX} and on."),
        (FOX, "... and on.", f"{FOX}... and on."),
        (f"{FOX}. ", f"{FOX}.\n\nEnd.", f"{FOX}. \n\nEnd."),
        (f"{FOX}.\r\n\r\n", f"{FOX}.\n\nEnd.", f"{FOX}.\r\n\r\nEnd."),
        (f"{FOX}.\n", f"{FOX}.\r\n\r\nEnd.", f"{FOX}.\n\r\nEnd."),
        ("ha ", "ha ha", "ha ha ha"),
        ("ha ha ha ha ha ha ha ha ", "ha ha ha ha ha ha ha!", "ha " * 14 + "ha!"),
        ("So. He came", "He came home.", "So. He came home."),
        ("So.\nHe came", "He came home.", "So.\nHe came home."),
        ("So.\nHe", "He came home.", "So.\nHeHe came home."),
        ("Text\n\n## In", "## Intro\n", "Text\n\n## Intro\n"),
        ("- one\n- ", "- two", "- one\n- two"),
        ("- one\n- t", "- two", "- one\n- two"),
        ("1. one\n2. ", "2. two", "1. one\n2. two"),
        ("- one\n- two\n", "- two\n", "- one\n- two\n- two\n"),
        ("0, 0, 0, 0, 0, 0, 0,\n", "0, 0, 0, 0, 0, 0, 0,\n", "0, 0, 0, 0, 0, 0, 0,\n" * 2),
        ("a\n|---|---", "|---|---|---|\n", "a\n|---|---|---|\n"),
        ("```py\n    return a_long_", "    return a_long_name\n```", "```py\n    return a_long_name\n```"),
        ("```py\nif x:\n    ", "    return", "```py\nif x:\n        return"),
        ("春眠暁を覚えず。処処啼鳥", "処処啼鳥を聞く。", "春眠暁を覚えず。処処啼鳥を聞く。"),
        ("春眠暁を覚えず処処啼鳥", "覚えず処処啼鳥を聞く。", "春眠暁を覚えず処処啼鳥を聞く。"),
        ("one ", " two", "one two"),
        ("one ", "\n\ntwo", "one \n\ntwo"),
        ("one\n\n", "\n\ntwo", "one\n\ntwo"),
        ("one\n", "\n\ntwo", "one\n\ntwo"),
        ("one\n", "\ntwo", "one\n\ntwo"),
        ("one", " two", "one two"),
        ("", " \n two", " \n two"),
        (FOX, FOX, FOX),
        (FOX, "", FOX),
    ],
)
def test_turns_are_joined_as_a_reader_would(before: str, turn: str, whole: str) -> None:
    assert joined(before, *turn) == whole


def test_new_text_is_said_at_once() -> None:
    assert list(said(FOX, " and", " on")) == [" and", " on", ""]
