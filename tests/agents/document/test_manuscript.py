"""The text of a document tells what is finished, whatever stands in its sections."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.document.manuscript import Demoting, Manuscript, head, heading, read
from agents.document.outline import Outline

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
    text = laid_out(OUTLINE, ["Green.", "Hot."]).replace("## Water", "## Wine")
    assert read(text) == Manuscript(OUTLINE, ["Green."], text.index("\n\n## Wine"))


@given(outlines, st.lists(sections, min_size=5, max_size=5), st.integers(0, 5), st.integers(0))
def test_whatever_was_written_before_a_cut_is_found_whole(
    outline: Outline, texts: list[str], count: int, cut: int
) -> None:
    texts = [demoted(text) for text in texts[: len(outline.headings)]]
    ends = [len(laid_out(outline, texts[:number])) for number in range(len(texts) + 1)]
    text = laid_out(outline, texts)
    cut = cut % (len(text) - ends[0] + 1) + ends[0]
    written = read(text[:cut])
    assert written is not None
    assert written.outline == outline
    assert written.finished == texts[: len(written.finished)]
    assert written.length == ends[len(written.finished)]
    begun = sum(end + len("\n\n## ") <= cut for end in ends[1:-1])
    assert len(written.finished) == begun
    whole = read(text, is_whole=True)
    assert whole is not None
    assert whole.finished == texts


@given(sections, st.integers(1, 9))
def test_no_line_of_a_section_begins_as_a_heading_of_ours_however_it_is_cut(text: str, size: int) -> None:
    said = demoted(text, size)
    assert said == demoted(text)
    assert not any(line.startswith("## ") for line in said.split("\n"))
    assert said.replace("### ", "## ") == text.replace("### ", "## ")


def test_what_is_no_heading_comes_at_once() -> None:
    demoting = Demoting()
    said = ["## A", "\n#", "# B", "\n#", "#", "# C", "#", "\nx"]
    assert [demoting.feed(piece) for piece in said] == ["### A", "\n", "### B", "\n", "", "### C", "#", "\nx"]
