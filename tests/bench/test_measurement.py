"""Medians, and ratios pair by pair."""

from bench.measurement import Comparison, Measurement, compare
from bench.orders import System


def measured(system: System, number: int, **numbers: float) -> Measurement:
    return Measurement("publish", system, number, complete=True, numbers=numbers)


def only(comparisons: list[Comparison]) -> Comparison:
    [one] = comparisons
    return one


def test_a_ratio_is_the_median_of_the_rounds_and_not_the_ratio_of_the_medians() -> None:
    one = only(
        compare(
            measured(system, number, events_per_s=value)
            for system, values in ((System.JOBCAST, (10, 40, 90)), (System.STOCK, (1, 20, 10)))
            for number, value in enumerate(values, 1)
        )
    )
    assert (one.jobcast, one.stock, one.ratio) == (40, 10, 9)


def test_of_a_cost_less_is_better() -> None:
    one = only(
        compare(
            [
                measured(System.JOBCAST, 1, worker_us_per_event=2.0),
                measured(System.STOCK, 1, worker_us_per_event=8.0),
            ]
        )
    )
    assert one.ratio == 4


def test_what_only_one_system_has_stands_without_a_ratio() -> None:
    one = only(compare([measured(System.JOBCAST, 1, log_bytes_per_event=200.0)]))
    assert (one.jobcast, one.stock, one.ratio) == (200, None, None)
