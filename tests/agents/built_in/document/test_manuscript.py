"""The text of a document tells what is finished, whatever stands in its sections."""

from typing import Final

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from agents.built_in.document import manuscript as module
from agents.built_in.document.manuscript import Demoting, Manuscript, head, heading, read
from agents.built_in.document.outline import Outline
from tests.model.mutation import Mutant

EXAMPLES: Final = settings(
    max_examples=200, derandomize=True, database=None, deadline=None, phases=[Phase.explicit, Phase.generate]
)
READ, FEED = "agents.built_in.document.manuscript:read", "agents.built_in.document.manuscript:Demoting.feed"
MUTANTS: Final = {
    "any heading will do": Mutant(READ, " or text[end:begin] != heading(outline, index)"),
    "the last section is never finished": Mutant(READ, "is_whole and", "False and"),
    "a text is always whole": Mutant(READ, "is_whole and ", ""),
    "it forgets how far it is": Mutant(READ, "end = next_end", "pass"),
    "one line break is enough": Mutant("agents.built_in.document.manuscript:_end", "\\n\\n{", "\\n{"),
    "the first line stays as it is": Mutant(FEED, "self._begins_line and said", "False and said"),
    "other lines stay as they are": Mutant(FEED, "_INNER.sub(", "_HEAD.sub("),
    "it waits for nothing": Mutant(FEED, "line in _HALF_MARKS", "False"),
    "every piece begins a line": Mutant(FEED, "line_begins and line == self._held", "True"),
    "what waits is lost": Mutant(
        "agents.built_in.document.manuscript:Demoting.finish", "return held", 'return ""'
    ),
}

OUTLINE = Outline("Tea", ["Leaves", "Water", "Leaves"])
lines = st.text(st.sampled_from("#- 1.\n\r\tax") | st.characters(exclude_categories=["Cs"]))
headings = lines.filter(lambda text: bool(" ".join(text.split()).lstrip("# ")))
outlines = st.builds(Outline, headings, st.lists(headings, min_size=1, max_size=5)).map(Outline.tidy)
sections = lines | st.lists(lines | headings.map("## {}".format), max_size=6).map("\n\n".join)


def demoted(text: str, size: int = 1000) -> str:
    demoting = Demoting()
    pieces = [demoting.feed(text[at : at + size]) for at in range(0, len(text), size)]
    return "".join(pieces) + demoting.finish()


def laid_out(outline: Outline, texts: list[str]) -> str:
    return head(outline) + "".join(heading(outline, index) + text for index, text in enumerate(texts))


def test_the_layout_is_markdown() -> None:
    assert laid_out(OUTLINE, ["Green.", "Hot.\n"]) == (
        "# Tea\n\n1. Leaves\n2. Water\n3. Leaves\n\n## Leaves\n\nGreen.\n\n## Water\n\nHot.\n"
    )


def test_a_section_is_finished_where_the_next_begins() -> None:
    text = laid_out(OUTLINE, ["Green.", "Hot", "Bl"])
    assert read(text) == Manuscript(OUTLINE, ["Green.", "Hot"], text.index("\n\n## Leaves\n\nBl"))
    assert read(text, is_whole=True) == Manuscript(OUTLINE, ["Green.", "Hot", "Bl"], len(text))


@pytest.mark.parametrize(
    "text", ["", "Tea", "# Tea", "# Tea\n\n1. Leaves", "# Tea\n\n1. Leaves\n", "\n# Tea\n\n"]
)
def test_where_no_outline_is_whole_there_is_no_manuscript(text: str) -> None:
    assert read(text) is None


def test_a_heading_that_is_not_the_outlines_ends_what_is_read() -> None:
    text = laid_out(OUTLINE, ["Green.", "Hot.", "Black."]).replace("## Water", "## Wine")
    assert module.read(text) == Manuscript(OUTLINE, ["Green."], text.index("\n\n## Wine"))


@EXAMPLES
@given(outlines, st.lists(sections, min_size=5, max_size=5), st.integers(0))
def test_whatever_was_written_before_a_cut_is_found_whole(
    outline: Outline, texts: list[str], cut: int
) -> None:
    texts = [demoted(text) for text in texts[: len(outline.headings)]]
    ends = [len(laid_out(outline, texts[:number])) for number in range(len(texts) + 1)]
    text = laid_out(outline, texts)
    cut = cut % (len(text) - ends[0] + 1) + ends[0]
    written = module.read(text[:cut])
    assert written is not None
    assert written.outline == outline
    assert written.finished == texts[: len(written.finished)]
    assert written.length == ends[len(written.finished)]
    begun = sum(end + len("\n\n## ") <= cut for end in ends[1:-1])
    assert len(written.finished) == begun
    whole = module.read(text, is_whole=True)
    assert whole is not None
    assert whole.finished == texts


@EXAMPLES
@given(sections | st.text("# \nx"), st.integers(1, 9))
@example("x## y", 1)
def test_no_line_of_a_section_begins_as_a_heading_of_ours_however_it_is_cut(text: str, size: int) -> None:
    said = demoted(text, size)
    assert said == demoted(text)
    assert not any(line.startswith("## ") for line in said.split("\n"))
    assert said.replace("### ", "## ") == text.replace("### ", "## ")


def test_what_is_no_heading_comes_at_once() -> None:
    demoting = Demoting()
    said = ["## A", "\n#", "# B", "\n#", "#", "# C", "#", "\nx"]
    assert [demoting.feed(piece) for piece in said] == ["### A", "\n", "### B", "\n", "", "### C", "#", "\nx"]


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_found_out(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    MUTANTS[name].apply(monkeypatch)
    with pytest.raises((AssertionError, ExceptionGroup)):
        for check in (
            test_whatever_was_written_before_a_cut_is_found_whole,
            test_no_line_of_a_section_begins_as_a_heading_of_ours_however_it_is_cut,
            test_a_heading_that_is_not_the_outlines_ends_what_is_read,
        ):
            check()
