"""Texts: a few words for a title, sentences for the rest, as long as they may be."""

from itertools import cycle

import pytest

from agents import BackendRejected
from agents.backends.scripted.specimen_text import text_within

SENTENCES = ("One two three, four five, six seven.", "Eight nine.")


def text(name: str = "text", **schema: object) -> str:
    return text_within(schema, name, cycle(SENTENCES))


def test_a_title_is_a_few_words_and_a_text_a_sentence() -> None:
    assert (text("sectionTitle"), text("explanation")) == ("One two three, four five", SENTENCES[0])


def test_it_is_as_long_as_it_must_and_ends_with_a_word_if_it_can() -> None:
    assert text(minLength=40) == "One two three, four five, six seven. Eight nine."
    assert text(maxLength=15) == "One two three"
    assert text(minLength=15, maxLength=16) == "One two three, f"
    assert text(maxLength=0) == ""


def test_a_format_is_kept() -> None:
    assert text(format="date") == "2026-11-01"
    assert text(format="unheard-of") == SENTENCES[0]


def test_an_absurd_length_is_refused() -> None:
    with pytest.raises(BackendRejected, match="10000 characters"):
        text(minLength=10_001)
