"""The text of a field while its JSON is written: cut wherever it may be, it is what `json.loads` says."""

import json
from itertools import pairwise
from typing import Any, Final

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from agents.asking.json_text import FieldText
from agents.surrogates import well_formed
from tests.model.mutation import Mutant

EXAMPLES: Final = settings(
    max_examples=100, derandomize=True, database=None, deadline=None, phases=[Phase.explicit, Phase.generate]
)
TAKE, STRING = "agents.asking.json_text:FieldText._take", "agents.asking.json_text:_String"
MUTANTS: Final = {
    "it takes every field": Mutant(
        "agents.asking.json_text:FieldText._inside", "self._key == self._name", "True"
    ),
    "it forgets the beginning of a key": Mutant(
        "agents.asking.json_text:FieldText._inside", '(self._key or "") + text', "text"
    ),
    "it believes in every brace": Mutant(
        "agents.asking.json_text:FieldText._outside", "between.strip()", "False"
    ),
    "it does not count brackets": Mutant(TAKE, '"{["', '"{"'),
    "a comma ends nothing": Mutant(TAKE, 'mark == ":"', "True"),
    "it joins no pairs": Mutant(f"{STRING}.feed", 'self._joiner.feed("".join(new))', '"".join(new)'),
    "it loses half a pair": Mutant(f"{STRING}.feed", "text + self._joiner.finish()", "text"),
    "every quote ends it": Mutant(f"{STRING}.feed", 'if self.is_closed else "\\\\"', ""),
    "it knows no escapes": Mutant(f"{STRING}._unescaped", "_ESCAPES.get(character, character)", "character"),
}

texts = st.text(st.characters(exclude_categories=[]) | st.sampled_from('"\\/\n\t{}[],:\ud83c\udf31é🌱'))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["text", "a"]) | texts, inner),
)
objects = st.tuples(st.dictionaries(texts, values), texts, st.dictionaries(texts, values)).map(
    lambda parts: {**without_text(parts[0]), "text": parts[1], **without_text(parts[2])}
)
fences = st.sampled_from(["", "```json\n", 'Here it is, in {the "one" and {}:\n', "\ufeff "])


def without_text(value: dict[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in value.items() if name != "text"}


def fed(said: str, cuts: list[int]) -> list[str]:
    field = FieldText("text")
    ends = sorted({cut % (len(said) + 1) for cut in cuts} | {0, len(said)})
    return [field.feed(said[begin:end]) for begin, end in pairwise(ends)]


@EXAMPLES
@given(objects, st.booleans(), st.sampled_from([None, 2]), fences, st.lists(st.integers(0)))
@example({"text": "🌱\ud83c"}, True, None, "", list(range(60)))
@example({"text": "🌱\ud83c"}, False, None, "", list(range(60)))
def test_any_cutting_gives_the_text(
    value: dict[str, Any], ascii_only: bool, indent: int | None, fence: str, cuts: list[int]
) -> None:
    said = fence + json.dumps(value, ensure_ascii=ascii_only, indent=indent) + "\n```"
    pieces = fed(said, cuts)
    assert "".join(pieces) == well_formed(value["text"])
    for piece in pieces:
        piece.encode()


@pytest.mark.parametrize("text", ['\\u0022"', "a\\", "\r\n\b\f\t/", "🌱👩‍🚀", '{"text": "x"}', ""])
def test_every_cut_at_one_place_gives_the_text(text: str) -> None:
    said = json.dumps({"n": [{"text": "no"}], "text": text, "z": "text"})
    assert {"".join(fed(said, [cut])) for cut in range(len(said) + 1)} == {text}


def test_the_words_come_as_soon_as_they_are_there() -> None:
    field = FieldText("text")
    said = ['{"text": "On', "e", "\\", "n", "\\u00", "e9", "\\ud83c", "\\udf31", '!", "more": "x"}']
    assert [field.feed(piece) for piece in said] == ["On", "e", "", "\n", "", "é", "", "🌱", "!"]


def test_a_key_may_be_escaped_and_a_string_of_another_level_or_value_is_not_it() -> None:
    assert (
        "".join(fed('{"a": {"text": "no"}, "b": ["text", "no"], "te\\u0078t": "yes", "c": "text"}', []))
        == "yes"
    )


def test_a_field_that_is_no_string_has_no_text() -> None:
    assert "".join(fed('{"text": ["no", {"text": "no"}], "a": ["text", "no"]}', [9])) == ""


@given(st.text('{}[]":,\\ut1 \n'), st.lists(st.integers(0)))
def test_whatever_comes_it_does_not_break(said: str, cuts: list[int]) -> None:
    assert "".join(fed(said, cuts)) == "".join(fed(said, []))


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_found_out(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    MUTANTS[name].apply(monkeypatch)
    with pytest.raises((AssertionError, UnicodeError, ExceptionGroup)):
        test_any_cutting_gives_the_text()
