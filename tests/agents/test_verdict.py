"""Verdict: users get the words that are meant for them, and results that JSON can say."""

from typing import Any

import msgspec
import pytest

from agents import AgentError, BackendRateLimited, hidden_of, plain_result, shown_of
from agents.verdict import LONGEST_MESSAGE
from shared_events.events import ErrorInfo


def test_an_error_of_ours_is_told_in_its_own_words() -> None:
    told = ErrorInfo(code="backend_rate_limited", message="Slow down.", retryable=True)
    assert shown_of(BackendRateLimited("Slow down.")) == told


def test_the_words_of_any_other_error_are_hidden() -> None:
    error = RuntimeError("Bearer sk-secret")
    assert shown_of(error) is None
    told = "The agent failed with RuntimeError; the worker's log says where."
    assert hidden_of(error) == ErrorInfo(code="agent_error", message=told, retryable=False)


def test_a_message_is_cut_and_made_well_formed() -> None:
    info = shown_of(AgentError("\ud83d" + "x" * LONGEST_MESSAGE))
    assert info is not None
    assert info.message == "\ufffd" + "x" * (LONGEST_MESSAGE - 1)


class Unsayable(AgentError):
    def __str__(self) -> str:
        raise ValueError("no words")


def test_an_error_that_cannot_be_printed_is_hidden() -> None:
    assert shown_of(Unsayable()) is None


class Point(msgspec.Struct):
    x: int


@pytest.mark.parametrize(
    ("result", "told"), [(None, None), (Point(1), {"x": 1}), ((1, Point(2)), [1, {"x": 2}]), ("é", "é")]
)
def test_a_result_becomes_json_types(result: Any, told: Any) -> None:
    assert msgspec.json.encode(plain_result(result)) == msgspec.json.encode(told)


def loop() -> list[Any]:
    inner: list[Any] = []
    inner.append(inner)
    return inner


@pytest.mark.parametrize("result", [object(), {"a": object()}, loop()], ids=["object", "inside", "loop"])
def test_a_result_that_json_cannot_say_is_an_error_of_the_agent(result: Any) -> None:
    with pytest.raises(AgentError, match="cannot be said in JSON"):
        plain_result(result)
