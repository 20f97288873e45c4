"""Pace: chunks per second over a short window."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from agents.pace import FEWEST, SHORTEST_S, WINDOW_S, Pace


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def ticks(clock: Clock, tick: Callable[[], float | None], count: int, per_s: float) -> float | None:
    """The last answer of `count` ticks at this pace."""
    answer = None
    for _ in range(count):
        clock.now += 1 / per_s
        answer = tick()
    return answer


def test_nothing_is_said_before_there_is_enough_to_tell() -> None:
    clock = Clock()
    pace = Pace(clock)
    assert pace.tick() is None
    assert ticks(clock, pace.tick, FEWEST - 1, per_s=10) is None, "too few chunks"
    quick = Pace(clock)
    assert ticks(clock, quick.tick, 20, per_s=1000) is None, "too short a time"


def test_a_steady_pace_is_told() -> None:
    clock = Clock()
    assert ticks(clock, Pace(clock).tick, 100, per_s=20) == 20.0


def test_a_very_fast_pace_is_told_with_few_marks() -> None:
    clock = Clock()
    pace = Pace(clock)
    answer = ticks(clock, pace.tick, 50_000, per_s=100_000)
    assert answer is not None
    assert abs(answer - 100_000) < 1
    assert len(pace._marks) <= WINDOW_S / 0.05 + 2


def test_a_change_of_pace_is_told_within_the_window() -> None:
    clock = Clock()
    pace = Pace(clock)
    ticks(clock, pace.tick, 100, per_s=50)
    assert ticks(clock, pace.tick, int(10 * WINDOW_S) + 1, per_s=10) == 10.0


def test_after_a_pause_it_begins_anew() -> None:
    clock = Clock()
    pace = Pace(clock)
    ticks(clock, pace.tick, 100, per_s=50)
    clock.now += WINDOW_S + 1
    assert pace.tick() is None
    assert ticks(clock, pace.tick, 50, per_s=25) == 25.0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_the_answer_is_never_absurd(pauses: list[float]) -> None:
    clock = Clock()
    pace = Pace(clock)
    for pause in pauses:
        clock.now += pause
        answer = pace.tick()
        assert answer is None or 0 < answer <= len(pauses) / SHORTEST_S
