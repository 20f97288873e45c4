"""The pacer: no wait while flushes are cheap, a window that grows with their cost, up to a limit."""

from hypothesis import given
from hypothesis import strategies as st

from realtime.fan_out.pacer import LONGEST_WINDOW_S, SHARE, Pacer


def test_nothing_waits_before_the_first_flush() -> None:
    assert Pacer().wait_s(0.0) <= 0


@given(st.floats(0, 10), st.floats(0, 1000))
def test_the_window_is_a_part_of_the_cost_and_bounded(cost_s: float, now: float) -> None:
    pacer = Pacer()
    pacer.flushed(cost_s, now)
    assert pacer.window_s == min(LONGEST_WINDOW_S, cost_s * SHARE)
    assert pacer.wait_s(now) <= LONGEST_WINDOW_S + 1e-9
    assert pacer.wait_s(now + pacer.window_s) <= 1e-9


def test_a_cheap_flush_closes_the_window_of_a_dear_one() -> None:
    pacer = Pacer()
    pacer.flushed(1.0, 10.0)
    assert pacer.wait_s(10.0) > 0.04
    pacer.flushed(0.0, 10.01)
    assert pacer.wait_s(10.01) <= 0


@given(st.lists(st.floats(0, 0.2), max_size=20))
def test_most_of_a_core_is_flushing_at_most(costs: list[float]) -> None:
    """Each window lasts a quarter of its flush, until the limit makes it less."""
    now, pacer = 0.0, Pacer()
    for cost_s in costs:
        now += max(0.0, pacer.wait_s(now)) + cost_s
        pacer.flushed(cost_s, now)
    assert now + 1e-6 >= sum(min(cost_s * (1 + SHARE), cost_s + LONGEST_WINDOW_S) for cost_s in costs[:-1])
