"""The tables of the programs with the native load client: a line for each load and peer. Pure.

Values are medians over the rounds; a ratio is the median of the rounds' own, and says how many times better
Jobcast is than the peer of that line.
"""

from collections.abc import Iterable, Sequence
from statistics import median
from typing import Final

import msgspec

from bench.measurement import Measurement
from bench.orders import Peer
from bench.sheet import Column, Line, Sheet

_KIB: Final = 1 / 1024
_MIB: Final = _KIB / 1024


class Table(msgspec.Struct, frozen=True):
    """`ratios`: costs of which Jobcast is to have less, and the heads of their columns."""

    program: str
    title: str
    columns: tuple[Column, ...]
    ratios: tuple[Column, ...] = ()


TABLES: Final = (
    Table(
        "fanout",
        "fanout: the same load for all, the server on one core",
        (
            Column("deliveries_per_s", "deliveries/s"),
            Column("server_us_per_delivery", "CPU µs", 1),
            Column("p50_ms", "p50 ms", 2),
            Column("p99_ms", "p99 ms", 2),
            Column("gaps", "gaps"),
            Column("doubles", "doubles"),
        ),
        (Column("server_us_per_delivery", "CPU, times", 1), Column("p99_ms", "p99, times", 1)),
    ),
    Table(
        "memory",
        "memory: of the server, for each idle connection",
        (
            Column("open_bytes", "KiB open", 1, _KIB),
            Column("following_bytes", "KiB following", 1, _KIB),
        ),
        (Column("following_bytes", "times", 1),),
    ),
    Table(
        "storm",
        "storm: all followers of a job return at once",
        (
            Column("resume_s", "resume s", 2),
            Column("return_s", "with connecting s", 2),
            Column("peak_bytes", "MiB above rest", 1, _MIB),
            Column("redis_ranges", "XRANGE"),
            Column("redis_reads", "all reads"),
        ),
        (Column("resume_s", "time, times", 1), Column("peak_bytes", "memory, times", 1)),
    ),
    Table(
        "slow",
        "slow: one follower never reads, another 1 kB/s",
        (
            Column("alone_p99_ms", "p99 ms without", 2),
            Column("beside_p99_ms", "p99 ms beside", 2),
            Column("grown_bytes", "MiB grown", 1, _MIB),
            Column("descriptors_left", "descriptors left"),
            Column("lost", "honest lost"),
        ),
    ),
    Table(
        "overload",
        "overload: ten times what it carries, then the normal pace",
        (
            Column("carried_per_s", "carried/s"),
            Column("burst_per_s", "got/s"),
            Column("normal_p99_ms", "normal p99 ms", 1),
            Column("back_s", "back after s", 1),
        ),
    ),
)


def fanout_sheets(measurements: Iterable[Measurement]) -> list[Sheet]:
    """One for each of `TABLES` of which something was measured."""
    found = list(measurements)
    return [_sheet(table, of_it) for table in TABLES if (of_it := _of(table, found))]


def _of(table: Table, measurements: Iterable[Measurement]) -> list[Measurement]:
    return [one for one in measurements if one.program == table.program]


def _sheet(table: Table, measurements: Sequence[Measurement]) -> Sheet:
    variants = dict.fromkeys(one.variant for one in measurements)
    lines = [
        _line(table, peer, variant, measurements)
        for variant in variants
        for peer in Peer
        if _alike(peer, variant, measurements)
    ]
    return Sheet(table.title, (*table.columns, *table.ratios), lines)


def _alike(peer: Peer, variant: str, measurements: Iterable[Measurement]) -> list[Measurement]:
    return [one for one in measurements if (one.system, one.variant) == (peer, variant)]


def _line(table: Table, peer: Peer, variant: str, measurements: Sequence[Measurement]) -> Line:
    ours = _alike(Peer.JOBCAST, variant, measurements)
    theirs = _alike(peer, variant, measurements)
    values = [_median(column, theirs) for column in table.columns]
    ratios = [None if peer is Peer.JOBCAST else _ratio(column.name, ours, theirs) for column in table.ratios]
    notes = [one.note for one in theirs if one.note]
    return Line(peer, variant, (*values, *ratios), notes[-1] if notes else "")


def _median(column: Column, alike: Iterable[Measurement]) -> float | None:
    values = [one.numbers[column.name] for one in alike if column.name in one.numbers]
    return median(values) * column.scale if values else None


def _ratio(name: str, ours: Iterable[Measurement], theirs: Iterable[Measurement]) -> float | None:
    """Round by round; where a peer had fewer rounds, of those. What failed has no ratio."""
    good = {one.round: one.numbers for one in theirs if not one.note}
    pairs = [
        (good[one.round][name], one.numbers[name])
        for one in ours
        if not one.note and name in good.get(one.round, {}) and name in one.numbers
    ]
    ratios = [cost / own for cost, own in pairs if own > 0]
    return median(ratios) if ratios else None
