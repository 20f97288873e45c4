"""Retries: whether there is another attempt, and when, after a failure and after a death."""

import math

import pytest

from agents import BackendRateLimited, BackendRejected, BackendUnavailable, Retry
from agents.errors import JobStopped
from agents.policy import MAX_RETRY_AFTER_S
from shared_events.answers import Answer, Claimed, Look
from workers.errors import StorageFull
from workers.outcome import failed
from workers.retries import (
    MOST_LOSSES,
    MOST_STRAYS,
    MOST_UNSEEN,
    SUSPECT_AFTER,
    AfterLoss,
    Failure,
    after_loss,
    is_suspect,
    retry_after,
)

BUSY = BackendUnavailable("overloaded")


def claimed(attempt: int, spared: int = 0) -> Claimed:
    return Claimed(Answer.OK, head=0, attempt=attempt, control="", spared=spared)


def delay_s(
    error: BaseException, *, attempt: int = 1, spared: int = 0, retry: Retry | None = None
) -> float | None:
    failure = Failure(error, failed("agent_error", "it broke"))
    return retry_after(retry or Retry(attempts=3, backoff_s=8), failure, claimed(attempt, spared))


@pytest.mark.parametrize(
    ("attempt", "spared", "again"), [(1, 0, True), (2, 0, True), (3, 0, False), (9, 0, False)]
)
def test_there_are_as_many_attempts_as_the_policy_allows(attempt: int, spared: int, again: bool) -> None:
    assert (delay_s(BUSY, attempt=attempt, spared=spared) is not None) is again


@pytest.mark.parametrize(
    ("attempt", "spared", "again"), [(3, 1, True), (7, 5, True), (7, 4, False), (1, 5, True)]
)
def test_an_attempt_that_ended_through_no_fault_of_the_agent_does_not_count(
    attempt: int, spared: int, again: bool
) -> None:
    assert (delay_s(BUSY, attempt=attempt, spared=spared) is not None) is again


def test_one_attempt_means_never_again() -> None:
    assert delay_s(BUSY, retry=Retry(attempts=1)) is None


@pytest.mark.parametrize(
    "error", [BackendRejected("no"), RuntimeError("boom"), JobStopped(), SystemExit(0), KeyboardInterrupt()]
)
def test_what_would_fail_again_is_not_tried_again(error: BaseException) -> None:
    assert delay_s(error) is None


@pytest.mark.parametrize("error", [BUSY, StorageFull("full")])
def test_what_calls_itself_retryable_is_tried_again(error: BaseException) -> None:
    assert delay_s(error) is not None


def test_an_agent_names_errors_of_its_own_to_try_again_after() -> None:
    assert delay_s(KeyError("x"), retry=Retry(on=(LookupError,))) is not None
    assert delay_s(JobStopped(), retry=Retry(on=(BaseException,))) is None


@pytest.mark.parametrize(("attempt", "longest_s"), [(1, 8), (2, 16), (3, 20), (19, 20)])
def test_the_pause_doubles_up_to_its_limit_and_is_drawn_from_its_upper_half(
    attempt: int, longest_s: float
) -> None:
    retry = Retry(attempts=20, backoff_s=8, max_backoff_s=20)
    drawn = [delay_s(BUSY, attempt=attempt, retry=retry) or 0 for _ in range(200)]
    assert longest_s / 2 <= min(drawn) < max(drawn) <= longest_s


@pytest.mark.parametrize(
    ("asked_s", "least_s"),
    [
        (30, 30),
        (1e9, MAX_RETRY_AFTER_S),
        (math.inf, MAX_RETRY_AFTER_S),
        (math.nan, 4),
        (-5, 4),
        (-math.inf, 4),
        (0, 4),
        (None, 4),
    ],
)
def test_what_a_provider_asks_for_is_honoured_as_far_as_it_is_sane(
    asked_s: float | None, least_s: float
) -> None:
    seconds = delay_s(BackendRateLimited("slow down", retry_after_s=asked_s))
    assert seconds is not None
    assert least_s <= seconds <= max(least_s, 8)


def look(*, losses: int = 0, strays: int = 0, runs: bool = True, attempts: int = 3) -> Look:
    return Look(
        lease="1",
        expired=True,
        closed=False,
        runs=runs,
        status="running",
        losses=losses,
        strays=strays,
        control="",
        agent="chat",
        queue="normal",
        attempts=attempts,
    )


@pytest.mark.parametrize(
    ("lost", "unseen", "witnessed"),
    [
        (look(), AfterLoss.RETRY, AfterLoss.RETRY),
        (look(losses=MOST_LOSSES - 2), AfterLoss.RETRY, AfterLoss.RETRY),
        (look(losses=MOST_LOSSES - 1), AfterLoss.RETRY, AfterLoss.POISON),
        (look(losses=MOST_UNSEEN - 1), AfterLoss.LOST, AfterLoss.POISON),
        (look(losses=MOST_LOSSES - 1, strays=9), AfterLoss.RETRY, AfterLoss.POISON),
        (look(attempts=1), AfterLoss.LOST, AfterLoss.LOST),
        (look(attempts=1, runs=False), AfterLoss.RETRY, AfterLoss.RETRY),
        (look(losses=9, strays=MOST_STRAYS - 2, runs=False), AfterLoss.RETRY, AfterLoss.RETRY),
        (look(strays=MOST_STRAYS - 1, runs=False), AfterLoss.LOST, AfterLoss.LOST),
    ],
)
def test_a_lost_job_runs_again_until_it_has_been_lost_too_often(
    lost: Look, unseen: AfterLoss, witnessed: AfterLoss
) -> None:
    """Three kills of the worker by an operator made an innocent job poison."""
    assert (after_loss(lost, witnessed=False), after_loss(lost, witnessed=True)) == (unseen, witnessed)


def test_a_job_has_had_a_process_to_itself_before_it_is_called_poison() -> None:
    assert [is_suspect(losses) for losses in (0, 1, SUSPECT_AFTER)] == [False, False, True]
    assert SUSPECT_AFTER == MOST_LOSSES - 1
