"""The schedule: every chunk has its time, whatever happened before."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.backends.schedule import Schedule

SCHEDULE = Schedule(start_s=100.0, per_s=4.0)


def test_the_first_chunk_is_due_at_once() -> None:
    assert SCHEDULE.wait_s(0, 100.0) == 0.0
    assert SCHEDULE.due(100.0) == 1


def test_a_chunk_is_due_at_its_own_time_even_when_others_were_late() -> None:
    assert SCHEDULE.wait_s(8, 100.0) == 2.0
    assert SCHEDULE.wait_s(8, 101.75) == 0.25
    assert SCHEDULE.wait_s(8, 110.0) == 0.0
    assert SCHEDULE.due(102.0) == 9


@given(st.integers(0, 10**6), st.integers(1, 10**5), st.floats(0, 10**4))
def test_what_is_due_need_not_wait(index: int, per_s: int, later_s: float) -> None:
    schedule = Schedule(0.0, per_s)
    due = schedule.due(later_s)
    assert schedule.wait_s(due - 1, later_s) <= 1e-6
    assert schedule.wait_s(due + 1, later_s) > 0
    assert schedule.due(schedule.wait_s(index, 0.0) + 1e-6) > index


def test_who_was_held_up_for_long_begins_anew_and_who_was_not_catches_up() -> None:
    schedule = Schedule(100.0, 10.0)
    assert schedule.begun_anew(10, 101.9, if_late_s=1.0) is schedule
    anew = schedule.begun_anew(10, 106.0, if_late_s=1.0)
    assert anew.wait_s(10, 106.0) == 0.0
    assert anew.wait_s(11, 106.0) == pytest.approx(0.1)
