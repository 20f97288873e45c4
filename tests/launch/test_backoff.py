from hypothesis import given
from hypothesis import strategies as st

from launch.backoff import FIRST_S, LONGEST_S, Backoff


def test_the_pause_doubles_up_to_its_longest() -> None:
    backoff = Backoff(chance=lambda: 0.0)
    assert [backoff.after(lived_s=0) for _ in range(7)] == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


def test_a_process_that_lived_long_begins_anew() -> None:
    backoff = Backoff(chance=lambda: 0.0)
    assert [backoff.after(lived_s) for lived_s in (0, 0, 0, 10, 0)] == [0.2, 0.4, 0.8, 0.2, 0.4]


@given(st.lists(st.floats(0, 100)), st.floats(0, 1, exclude_max=True))
def test_every_pause_is_within_its_bounds(lives_s: list[float], chance: float) -> None:
    backoff = Backoff(chance=lambda: chance)
    assert all(FIRST_S * 0.75 <= backoff.after(lived_s) <= LONGEST_S for lived_s in lives_s)
