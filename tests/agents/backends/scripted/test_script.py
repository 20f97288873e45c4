"""Scripts: what the scripted backend's models say, from the beginning and from anywhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.backends.scripted.essay import ESSAY
from agents.backends.scripted.script import json_script, script_of
from agents.errors import BackendRejected


def test_the_essay_comes_word_by_word_at_a_readers_pace() -> None:
    script = script_of("essay")
    words = list(script.chunks)
    assert "".join(words) == ESSAY
    assert len(words) == script.length
    assert 250 <= script.length <= 350
    assert 20 <= script.per_s <= 25
    assert all(len(word.split()) == 1 for word in words)


def test_the_essay_says_what_it_is_and_has_characters_of_every_size() -> None:
    assert "No model is writing this" in ESSAY
    assert {len(character.encode()) for character in ESSAY} == {1, 2, 3, 4}


def test_count_says_the_numbers_separated_by_spaces() -> None:
    script = script_of("count-5@7")
    assert list(script.chunks) == ["1", " 2", " 3", " 4", " 5"]
    assert (script.length, script.per_s) == (5, 7)


def test_a_million_numbers_are_made_one_by_one() -> None:
    script = script_of("count-1000000@100000")
    assert (script.length, script.per_s) == (1_000_000, 100_000)


@pytest.mark.parametrize(
    "model",
    [
        *(
            "gpt-5",
            "Essay",
            "count",
            "count-0@1",
            "count-1@0",
            "count-1000001@1",
            "count-1@100001",
            "count-1",
        ),
        *("count--1@1", "count-1.5@1", "count-1@1 ", "count-01@1", "count-¹@1", "count-1@1\n", "x" * 5000),
    ],
)
def test_a_model_that_it_does_not_have_is_refused_with_what_is_allowed(model: str) -> None:
    with pytest.raises(
        BackendRejected, match="It has essay, and count-N@R with N from 1 to 1000000"
    ) as raised:
        script_of(model)
    assert len(str(raised.value)) < 250


COUNTED = " ".join(map(str, range(1, 1201)))


@pytest.mark.parametrize(("model", "text"), [("essay", ESSAY), ("count-1200@9", COUNTED)])
@given(at=st.integers(1, 1500), spoiled=st.sampled_from(["", "trailing", "stripped", "around"]))
def test_a_script_goes_on_wherever_it_was_cut(model: str, text: str, at: int, spoiled: str) -> None:
    before, after = text[:at], text[at:]
    said = {"stripped": before.rstrip(), "around": f"\n {before.strip()}"}.get(spoiled, before)
    if spoiled == "trailing" and after[:1].isspace():
        said += "\n"
    script = script_of(model, said)
    rest = list(script.chunks)
    assert len(rest) == script.length
    if not spoiled:
        assert said + "".join(rest) == text
    assert "".join((said + "".join(rest)).split()) == "".join(text.split())


@pytest.mark.parametrize("model", ["essay", "count-50@5"])
@pytest.mark.parametrize("said", ["", " ", "Something else", ESSAY + " More.", "1 2 3 5", "2 3", "11"])
def test_what_is_not_its_beginning_is_begun_anew(model: str, said: str) -> None:
    assert list(script_of(model, said).chunks) == list(script_of(model).chunks)


def test_nothing_is_left_of_what_was_said_to_its_end() -> None:
    assert (
        script_of("essay", f"{ESSAY}\n").length
        == script_of("count-12@1", "1 2 3 4 5 6 7 8 9 10 11 12").length
        == 0
    )


def test_a_million_numbers_are_gone_on_with_at_once() -> None:
    said = " ".join(map(str, range(1, 999_999)))
    assert list(script_of("count-1000000@9", said).chunks) == [" 999999", " 1000000"]


def test_json_comes_in_words_too() -> None:
    text = '{\n  "title": "Every word"\n}'
    assert list(json_script(text).chunks) == ["{", '\n  "title":', ' "Every', ' word"', "\n}"]
    assert list(json_script(text, '{\n  "tit').chunks) == ['le":', ' "Every', ' word"', "\n}"]
