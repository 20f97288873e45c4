"""Outlines: asked for with as many sections as wanted, and made fit to be laid out."""

import json

import pytest

from agents import InvalidReply, Scripted
from agents.built_in.document.outline import SECTIONS_MOST, Outline, planned
from tests.agents.collecting import CollectingSink, context
from tests.agents.in_turn import InTurn


def answering(*headings: str, title: str = "Tea") -> str:
    return json.dumps({"title": title, "headings": headings})


async def asked(*answers: str, sections: int | None = None) -> Outline:
    return await planned(context(CollectingSink(), InTurn(*answers)), "tea", sections, "short")


async def test_the_topic_the_style_and_the_number_are_asked() -> None:
    backend = InTurn(answering("A", "B"))
    await planned(context(CollectingSink(), backend), "tea", 2, "short")
    (prompt,) = backend.prompts
    assert prompt.startswith("Topic: tea\n\nStyle: short\n\nThe document has exactly 2 sections.")


async def test_title_and_headings_get_one_line_each() -> None:
    outline = await asked(answering("## Two\nlines ", "x" * 500, title="# Tea\u2028time\r\n"))
    assert outline == Outline("Tea time", ["Two lines", "x" * 160])


@pytest.mark.parametrize("wrong", [answering(), answering("A", " #\n"), answering("A", "B", title="#"), "{}"])
async def test_an_outline_without_words_is_repaired(wrong: str) -> None:
    assert await asked(wrong, answering("A", "B")) == Outline("Tea", ["A", "B"])


async def test_another_number_of_sections_than_wanted_is_repaired_and_then_refused() -> None:
    assert len((await asked(answering("A"), answering("A", "B"), sections=2)).headings) == 2
    with pytest.raises(InvalidReply, match="length <= 2"):
        await asked(answering("A"), answering("A", "B", "C"), sections=2)


@pytest.mark.parametrize("sections", [None, 1, 5, SECTIONS_MOST])
async def test_the_scripted_backend_gives_an_outline_of_any_size(sections: int | None) -> None:
    outline = await planned(context(CollectingSink(), Scripted()), "tea", sections, "short")
    assert len(outline.headings) == (sections or 3)
