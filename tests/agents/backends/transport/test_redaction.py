"""Redaction: a provider's words reach users without keys and prompts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.backends.transport.redaction import LONGEST, MASK, Redaction

KEY = "sk-proj-abcdefghijklmnop1234"
PROMPT = "My doctor says that I have three weeks.\nWhat shall I do with them?"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (f"Incorrect API key provided: {KEY}.", f"Incorrect API key provided: {MASK}."),
        ("key sk-proj-abcdefgh****1234", f"key {MASK}****1234"),
        (f"{KEY}{KEY}", MASK),
        ("Rate limit reached for gpt-5", "Rate limit reached for gpt-5"),
        (f"bad input: {PROMPT}", f"bad input: {MASK}"),
        ('bad input: "doctor says that I have"', f'bad input: "{MASK}"'),
        ('"I have three weeks.\\nWhat shall I do with them?"', f'"{MASK}"'),
        ("  two\n lines\t", "two lines"),
        ("", ""),
    ],
)
def test_secrets_are_masked_whole_and_in_part(words: str, told: str) -> None:
    assert Redaction(KEY, [PROMPT]).apply(words) == told


def test_a_short_key_is_masked() -> None:
    assert Redaction("abc", []).apply("your key abc is wrong") == "your key *** is wrong"


def test_a_prompt_of_three_letters_hides_no_words() -> None:
    assert Redaction(None, ["the"]).apply("the model") == "the model"


def test_without_secrets_words_stay() -> None:
    assert Redaction(None, []).apply("Slow down") == "Slow down"


def test_long_words_are_cut() -> None:
    told = Redaction(None, []).apply("word " * 1_000_000)
    assert len(told) == LONGEST
    assert told.endswith("…")


@given(st.text(min_size=8, max_size=60), st.text(max_size=400), st.text(max_size=400))
def test_a_key_is_never_told(key: str, before: str, after: str) -> None:
    squeezed = " ".join(key.split())
    told = Redaction(key, []).apply(before + key + after)
    assert len(told) <= LONGEST
    if len(squeezed) >= 4 and set(squeezed) != set(MASK):
        assert squeezed not in told.replace(MASK, "\n")
