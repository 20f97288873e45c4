"""Outcomes: they travel between processes, and say of an error only what users may know."""

import msgspec
import pytest

from agents import BackendRateLimited
from shared_events.events import JobFailed, JobStatus
from workers.outcome import Ended, HandedBack, NotOurs, Outcome, TryAgain, failed, failure


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
