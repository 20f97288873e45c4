"""Outcomes: they travel between processes, and say of an error only what users may know."""

from typing import Any

import msgspec
import pytest

from agents import BackendRateLimited
from shared_events.events import JobFailed, JobStatus
from workers.errors import WorkerError
from workers.outcome import Ended, HandedBack, NotOurs, Outcome, TryAgain, failed, failure, plain


@pytest.mark.parametrize("outcome", [Ended(JobStatus.CANCELLED), TryAgain(1.5), HandedBack(), NotOurs()])
def test_an_outcome_is_the_same_on_the_other_side_of_a_pipe(outcome: Outcome) -> None:
    decoded: Outcome = msgspec.json.decode(msgspec.json.encode(outcome), type=Outcome)
    assert decoded == outcome


def test_an_error_becomes_a_failure_with_its_code() -> None:
    ending = failure(BackendRateLimited("slow down"))
    assert ending.kind is JobFailed
    assert ending.fields["error"].code == "backend_rate_limited"
    assert ending.fields["error"].retryable


def test_a_failure_is_final_unless_it_says_otherwise() -> None:
    assert not failed("timeout", "too long").fields["error"].retryable


class Point(msgspec.Struct):
    x: int


@pytest.mark.parametrize(
    ("result", "told"), [(None, None), (Point(1), {"x": 1}), ((1, Point(2)), [1, {"x": 2}]), ("é", "é")]
)
def test_a_result_becomes_json_types(result: Any, told: Any) -> None:
    assert msgspec.json.encode(plain(result)) == msgspec.json.encode(told)


def loop() -> list[Any]:
    inner: list[Any] = []
    inner.append(inner)
    return inner


@pytest.mark.parametrize("result", [object(), {"a": object()}, loop()], ids=["object", "inside", "loop"])
def test_a_result_that_json_cannot_say_is_an_error_of_the_agent(result: Any) -> None:
    with pytest.raises(WorkerError, match="cannot be said in JSON"):
        plain(result)
