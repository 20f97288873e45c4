"""Policy: what an agent may ask for, what is tried again, and how long the pause before it is."""

import asyncio
import math
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents import BackendRejected, BackendUnavailable, InvalidAgent, JobStopped, Policy, Retry
from agents.policy import MAX_RETRY_AFTER_S

SECONDS = st.floats(0, 86_400)


def delay_s(retry: Retry, attempt: int, drawn: float, retry_after_s: float | None = None) -> float:
    return retry.delay_s(attempt, retry_after_s=retry_after_s, random=lambda: drawn)


def test_the_defaults_are_modest() -> None:
    assert Policy().retry == Retry(attempts=3, backoff_s=1.0, max_backoff_s=60.0, on=())
    assert (Policy().on_retry, Policy().on_unwatched, Policy().queue) == ("restart", "continue", None)


def test_our_retryable_errors_are_tried_again_and_others_are_not() -> None:
    retry = Retry()
    assert retry.is_retryable(BackendUnavailable("away"))
    assert not retry.is_retryable(BackendRejected("no"))
    assert not retry.is_retryable(OSError("broken"))


def test_errors_that_the_author_names_are_tried_again() -> None:
    retry = Retry(on=(OSError, BackendRejected))
    assert retry.is_retryable(ConnectionResetError())
    assert retry.is_retryable(BackendRejected("no"))
    assert not retry.is_retryable(ValueError())


@pytest.mark.parametrize("stop", [asyncio.CancelledError(), JobStopped()])
def test_a_stopped_job_is_not_tried_again_whatever_the_author_names(stop: BaseException) -> None:
    assert not Retry(on=(BaseException,)).is_retryable(stop)
    assert Retry(on=(BaseException,)).is_retryable(SystemExit())


def test_the_pause_doubles_up_to_its_limit() -> None:
    retry = Retry(backoff_s=1, max_backoff_s=5)
    assert [delay_s(retry, attempt, 1.0) for attempt in (1, 2, 3, 4, 20)] == [1, 2, 4, 5, 5]
    assert [delay_s(retry, attempt, 0.0) for attempt in (1, 2, 3, 4, 20)] == [0.5, 1, 2, 2.5, 2.5]


def test_the_provider_may_ask_for_a_longer_pause_but_not_for_any() -> None:
    retry = Retry(backoff_s=1)
    assert delay_s(retry, 1, 0.5, retry_after_s=20) == 20
    assert delay_s(retry, 1, 0.5, retry_after_s=0.1) == 0.75
    for absurd in (1e9, math.inf, 10**400):
        assert delay_s(retry, 1, 0.5, retry_after_s=absurd) == MAX_RETRY_AFTER_S
    for senseless in (-1.0, -math.inf, math.nan, None):
        assert delay_s(retry, 1, 0.5, retry_after_s=senseless) == 0.75


@given(
    backoff_s=SECONDS,
    more_s=SECONDS,
    attempt=st.integers(-5, 10_000),
    retry_after_s=st.none() | st.floats(allow_nan=True, allow_infinity=True),
    seed=st.integers(),
)
def test_the_pause_is_finite_and_between_its_bounds(
    backoff_s: float, more_s: float, attempt: int, retry_after_s: float | None, seed: int
) -> None:
    retry = Retry(backoff_s=backoff_s, max_backoff_s=min(backoff_s + more_s, 86_400))
    random = Random(seed).random
    longest_s = delay_s(retry, attempt, 1.0)
    pause_s = retry.delay_s(attempt, retry_after_s=retry_after_s, random=random)
    assert longest_s <= retry.max_backoff_s
    assert longest_s / 2 <= pause_s <= max(longest_s, MAX_RETRY_AFTER_S)
    if retry_after_s is not None and 0 < retry_after_s < math.inf:
        assert pause_s >= min(retry_after_s, MAX_RETRY_AFTER_S)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        *(({"attempts": value}, "attempts must be 1 to 20") for value in (0, 21, True, 2.0, "3")),
        *(({"backoff_s": value}, "backoff_s must be 0 to 86400") for value in (-1, math.nan, "1", True)),
        ({"max_backoff_s": math.inf}, "max_backoff_s must be 1 to 86400 seconds, not inf"),
        ({"backoff_s": 90}, "max_backoff_s must be 90 to 86400 seconds, not 60.0"),
        *(
            ({"on": value}, "on must be a tuple of exception")
            for value in (OSError, [OSError], ("x",), (int,))
        ),
    ],
)
def test_a_retry_that_makes_no_sense_is_refused(wrong: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidAgent, match=reason):
        Retry(**wrong)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"retry": 3}, "retry must be a Retry, not 3"),
        ({"on_retry": "again"}, "on_retry must be one of restart, continue, not 'again'"),
        ({"on_unwatched": []}, r"on_unwatched must be one of continue, pause, cancel, not \[\]"),
        ({"own_process": 1}, "own_process must be True or False"),
        *(({"timeout_s": value}, "timeout_s must be 1 to 86400") for value in (0.5, 86_401, math.nan, None)),
        *(({"unwatched_grace_s": value}, "unwatched_grace_s must be 1 to 86400") for value in (0, math.inf)),
        *(
            ({"queue": value}, "queue must be 1 to 20 of a-z 0-9 - _ and none of high, normal, low")
            for value in ("", "GPU", "a" * 21, "a:b", "gpu\n", "high", "normal", "low", 1)
        ),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(wrong: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidAgent, match=reason):
        Policy(**wrong)
