"""Scripts: what the scripted backend's models say."""

import pytest

from agents.backends.scripted.essay import ESSAY
from agents.backends.scripted.script import script_of
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
