"""Given: what is typed is a job's input."""

import io

import pytest

from cli.given import given_input
from cli.refusal import EXIT_USAGE, Refusal


def test_fields_are_texts_or_json() -> None:
    given = given_input(["topic=rain=sun", "lines:=3", "tags:=[1]", "empty="])
    assert given == {"topic": "rain=sun", "lines": 3, "tags": [1], "empty": ""}


def test_a_field_or_all_of_it_may_come_from_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("text"))
    assert given_input(["topic=-"]) == {"topic": "text"}
    monkeypatch.setattr("sys.stdin", io.StringIO("[1]"))
    assert given_input([], "-") == [1]


def test_fields_come_over_the_whole() -> None:
    assert given_input(["a=2"], '{"a": 1, "b": 1}') == {"a": "2", "b": 1}


@pytest.mark.parametrize(
    ("fields", "whole", "said"),
    [
        (["a"], None, "'a' is not KEY=VALUE."),
        ([":=1"], None, "':=1' is not KEY=VALUE."),
        (["a:=x"], None, "'x' is not JSON: "),
        ([], "[" * 100_000, "is not JSON: "),
        (["a=1"], "[]", "KEY=VALUE goes with an input that is a JSON object only."),
    ],
)
def test_what_is_no_input_is_one_sentence(fields: list[str], whole: str | None, said: str) -> None:
    with pytest.raises(Refusal) as raised:
        given_input(fields, whole)
    assert said in raised.value.message
    assert raised.value.exit_code == EXIT_USAGE
