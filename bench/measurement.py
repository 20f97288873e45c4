"""What was measured, and what the pairs of measurements say. Pure."""

from collections.abc import Iterable, Sequence
from statistics import median
from typing import Final

import msgspec

from bench.orders import Peer, Reader, Runner, System


class Measurement(msgspec.Struct, frozen=True):
    """One run of a program against one system. `complete`: every event arrived, once and in order.

    `variant`: the load, in words, where a program has several. `note`: why numbers are missing, or low.
    """

    program: str
    system: System | Runner | Peer | Reader
    round: int
    complete: bool
    numbers: dict[str, float]
    variant: str = ""
    note: str = ""


class Quantity(msgspec.Struct, frozen=True):
    """A number that the table shows. `more`: more of it is better."""

    program: str
    name: str
    label: str
    more: bool = False
    digits: int = 0


class Comparison(msgspec.Struct, frozen=True):
    """Medians over the rounds. `ratio` is the median of the rounds' own: how many times better Jobcast is."""

    quantity: Quantity
    jobcast: float | None
    stock: float | None
    ratio: float | None


QUANTITIES: Final = (
    Quantity("publish", "events_per_s", "events / s", more=True),
    Quantity("publish", "worker_us_per_event", "worker CPU, µs / event", digits=1),
    Quantity("publish", "redis_us_per_event", "Redis CPU, µs / event", digits=1),
    Quantity("publish", "log_bytes_per_event", "log in Redis, bytes / event"),
    Quantity("burst", "deliveries_per_s", "deliveries / s", more=True),
    Quantity("burst", "server_us_per_delivery", "server CPU, µs / delivery", digits=1),
    Quantity("paced", "server_us_per_delivery", "server CPU, µs / delivery", digits=1),
    Quantity("paced", "worker_us_per_event", "worker CPU, µs / event", digits=1),
    Quantity("paced", "redis_us_per_event", "Redis CPU, µs / event", digits=1),
    Quantity("paced", "p50_ms", "publish to receive, p50, ms", digits=1),
    Quantity("paced", "p99_ms", "publish to receive, p99, ms", digits=1),
)


def compare(measurements: Iterable[Measurement]) -> list[Comparison]:
    found = list(measurements)
    return [comparison for quantity in QUANTITIES if (comparison := _compare(quantity, found))]


def _compare(quantity: Quantity, measurements: Sequence[Measurement]) -> Comparison | None:
    jobcast = _by_round(quantity, System.JOBCAST, measurements)
    stock = _by_round(quantity, System.STOCK, measurements)
    if not jobcast and not stock:
        return None
    pairs = [(jobcast[number], stock[number]) for number in jobcast.keys() & stock.keys()]
    return Comparison(quantity, _median(jobcast.values()), _median(stock.values()), _ratio(quantity, pairs))


def _by_round(quantity: Quantity, system: System, measurements: Sequence[Measurement]) -> dict[int, float]:
    return {
        one.round: one.numbers[quantity.name]
        for one in measurements
        if one.program == quantity.program and one.system is system and quantity.name in one.numbers
    }


def _ratio(quantity: Quantity, pairs: Sequence[tuple[float, float]]) -> float | None:
    better = [(ours, theirs) if quantity.more else (theirs, ours) for ours, theirs in pairs]
    return _median(high / low for high, low in better if low > 0)


def _median(values: Iterable[float]) -> float | None:
    found = list(values)
    return median(found) if found else None
