"""The audience: what a job without anybody to watch it does, by its agent's policy."""

import pytest

from agents import Policy
from agents.policy import OnUnwatched
from workers.audience import Audience, Wish


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


def audience(clock: Clock, on_unwatched: OnUnwatched) -> Audience:
    return Audience(Policy(on_unwatched=on_unwatched, unwatched_grace_s=10), clock)


def after(clock: Clock, seconds: float, one: Audience, listeners: int) -> Wish:
    clock.now_s += seconds
    return one.count(listeners)


def test_a_job_that_goes_on_unwatched_is_never_asked_for_anything(clock: Clock) -> None:
    one = audience(clock, "continue")
    assert [after(clock, 1000, one, listeners) for listeners in (0, 1, 0, 0)] == [Wish.NOTHING] * 4


@pytest.mark.parametrize(("on_unwatched", "wish"), [("pause", Wish.PAUSE), ("cancel", Wish.CANCEL)])
def test_a_job_that_nobody_ever_watched_gets_its_grace_from_the_start(
    clock: Clock, on_unwatched: OnUnwatched, wish: Wish
) -> None:
    one = audience(clock, on_unwatched)
    assert after(clock, 9.9, one, 0) is Wish.NOTHING
    assert after(clock, 0.1, one, 0) is wish


def test_a_wish_is_said_once(clock: Clock) -> None:
    one = audience(clock, "pause")
    assert [after(clock, 10, one, 0) for _ in range(3)] == [Wish.PAUSE, Wish.NOTHING, Wish.NOTHING]


def test_grace_begins_anew_when_the_last_watcher_leaves(clock: Clock) -> None:
    one = audience(clock, "pause")
    assert after(clock, 9, one, 1) is Wish.NOTHING
    assert after(clock, 9, one, 0) is Wish.NOTHING
    assert after(clock, 9.9, one, 0) is Wish.NOTHING
    assert after(clock, 0.1, one, 0) is Wish.PAUSE


def test_a_watcher_who_returns_resumes_the_job_once_and_it_may_be_paused_again(clock: Clock) -> None:
    one = audience(clock, "pause")
    assert after(clock, 10, one, 0) is Wish.PAUSE
    assert after(clock, 1, one, 2) is Wish.RESUME
    assert after(clock, 1, one, 2) is Wish.NOTHING
    assert after(clock, 1, one, 0) is Wish.NOTHING
    assert after(clock, 10, one, 0) is Wish.PAUSE
