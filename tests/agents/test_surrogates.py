"""Surrogates: text leaves well-formed, wherever it was cut."""

from hypothesis import given
from hypothesis import strategies as st

from agents.surrogates import SurrogateJoiner, well_formed

# Mostly halves of pairs, so that joins, and halves without their other, come often.
TEXT = st.text(st.sampled_from("a é\ud83d\ud83c\udf31\ude80\udfff\U0001f331"), max_size=20)


def joined(chunks: list[str]) -> list[str]:
    joiner = SurrogateJoiner()
    return [*(joiner.feed(chunk) for chunk in chunks), joiner.finish()]


def test_a_pair_cut_in_two_chunks_is_joined() -> None:
    assert joined(["a\ud83c", "\udf31b"]) == ["a", "🌱b", ""]


def test_a_high_surrogate_waits_over_empty_chunks() -> None:
    assert joined(["\ud83c", "", "\udf31"]) == ["", "", "🌱", ""]


def test_a_half_without_its_other_becomes_a_replacement_character() -> None:
    assert joined(["\ud83c", "a", "\udf31"]) == ["", "\ufffda", "\ufffd", ""]


def test_a_half_at_the_end_is_flushed() -> None:
    assert joined(["a\ud83c"]) == ["a", "\ufffd"]


def test_well_formed_text_is_not_changed() -> None:
    assert well_formed("naïve 水 🌱 \ufeff \x00") == "naïve 水 🌱 \ufeff \x00"


def by_hand(text: str) -> str:
    """The rule of `well_formed`, said the long way."""
    out, index = "", 0
    while index < len(text):
        high = "\ud800" <= text[index] <= "\udbff"
        if high and "\udc00" <= text[index + 1 : index + 2] <= "\udfff":
            low = ord(text[index + 1]) - 0xDC00
            out, index = out + chr(0x10000 + ((ord(text[index]) - 0xD800) << 10) + low), index + 2
            continue
        out, index = out + ("\ufffd" if "\ud800" <= text[index] <= "\udfff" else text[index]), index + 1
    return out


@given(TEXT)
def test_well_formed_says_the_rule(text: str) -> None:
    assert well_formed(text) == by_hand(text)
    well_formed(text).encode()  # raises if a surrogate is left


@given(st.lists(TEXT, max_size=8))
def test_any_chunking_gives_the_same_text(chunks: list[str]) -> None:
    pieces = joined(chunks)
    assert "".join(pieces) == well_formed("".join(chunks))
    assert all(piece == well_formed(piece) for piece in pieces)
