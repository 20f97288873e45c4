"""The tables of the worker's programs: a line for each system and load, medians over the rounds. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from statistics import median
from typing import Final

import msgspec

from bench.measurement import Measurement
from bench.orders import Runner


class Column(msgspec.Struct, frozen=True):
    """`scale`: the shown number is the measured one times this."""

    name: str
    label: str
    digits: int = 0
    scale: float = 1.0


class Line(msgspec.Struct, frozen=True):
    """`values`: one for each column, or None where nothing was measured. `note`: what to know of them."""

    system: str
    variant: str
    values: tuple[float | None, ...]
    note: str = ""


class Sheet(msgspec.Struct, frozen=True):
    title: str
    columns: tuple[Column, ...]
    lines: list[Line]
    remarks: list[str] = []
    """To be read below the table."""


_KIB: Final = 1 / 1024
_MIB: Final = _KIB / 1024
_COLUMNS: Final = {
    "append": (
        Column("events_per_s", "events/s"),
        Column("events_per_redis_core_s", "per Redis core-s"),
        Column("redis_us_per_event", "Redis µs", 1),
        Column("writer_us_per_event", "writer µs", 1),
        Column("live_bytes_per_event", "bytes, live"),
        Column("finished_bytes_per_event", "bytes, finished"),
    ),
    "streams": (
        Column("chunks_per_s", "chunks/s"),
        Column("chunks_per_core_s", "per core-s"),
        Column("redis_us_per_chunk", "Redis µs", 1),
        Column("bytes_per_stream", "KiB a stream", 0, _KIB),
        Column("worker_bytes", "MiB in all", 0, _MIB),
        Column("first_p50_ms", "first p50 ms"),
        Column("first_p99_ms", "p99 ms"),
    ),
}
_REDIS_COLUMNS: Final = (
    Column("live_redis_bytes_per_event", "live"),
    Column("live_redis_bytes_per_job", "KiB a job", 0, _KIB),
    Column("ended_redis_bytes_per_event", "ended"),
    Column("events_per_job", "events"),
    Column("event_bytes", "bytes an event"),
)
_TITLES: Final = {
    "append": "append: events per Redis core",
    "streams": "streams: answers at once, through a worker on one core",
}
_RATIOS: Final = (
    (Runner.ASYNCIO, "chunks_per_core_s", "chunks per core-s", True),
    (Runner.RQ, "chunks_per_core_s", "chunks per core-s", True),
    (Runner.RQ, "bytes_per_stream", "memory per stream", False),
)


def sheets(measurements: Iterable[Measurement]) -> list[Sheet]:
    """One for each of the worker's programs that has been measured."""
    found = list(measurements)
    return [_sheet(program, of_it) for program in _COLUMNS if (of_it := _of(program, found))]


def _of(program: str, measurements: Iterable[Measurement]) -> list[Measurement]:
    return [one for one in measurements if one.program == program]


def _sheet(program: str, measurements: Sequence[Measurement]) -> Sheet:
    kinds = dict.fromkeys((one.system, one.variant) for one in measurements)
    alike = [_like(*kind, measurements) for kind in kinds]
    remarks = [*_ratios(measurements), *_memory(alike)] if program == "streams" else []
    columns = _COLUMNS[program]
    return Sheet(_TITLES[program], columns, [_line(columns, one) for one in alike], remarks)


def _line(columns: tuple[Column, ...], alike: Sequence[Measurement]) -> Line:
    values = tuple(_value(column, alike) for column in columns)
    return Line(alike[0].system, alike[0].variant, values)


def _like(system: str, variant: str, measurements: Iterable[Measurement]) -> list[Measurement]:
    return [one for one in measurements if (one.system, one.variant) == (system, variant)]


def _value(column: Column, measurements: Iterable[Measurement]) -> float | None:
    values = [one.numbers[column.name] for one in measurements if column.name in one.numbers]
    return median(values) * column.scale if values else None


def _memory(kinds: Iterable[Sequence[Measurement]]) -> Iterator[str]:
    """What the keys of the jobs of each kind of run take in Redis."""
    for alike in kinds:
        live, job_kib, ended, events, size = (_value(column, alike) for column in _REDIS_COLUMNS)
        if live is not None:
            yield (
                f"Redis bytes per event, {alike[0].system}, {alike[0].variant}: {live:.0f} live "
                f"({job_kib:.0f} KiB a job), {ended:.0f} ended; {events:,.0f} events of {size:.0f} bytes"
            )


def _ratios(measurements: Sequence[Measurement]) -> Iterator[str]:
    """Jobcast with most streams beside each peer at the same pace, in the same round."""
    for peer, name, label, more in _RATIOS:
        pairs = list(_pairs(peer, name, measurements))
        better = [ours / theirs if more else theirs / ours for ours, theirs in pairs if min(ours, theirs) > 0]
        if better:
            yield f"{label}: {median(better):.3g} times better than {peer}"


def _pairs(peer: Runner, name: str, measurements: Sequence[Measurement]) -> Iterator[tuple[float, float]]:
    ours, theirs = (_most_streams(runner, measurements) for runner in (Runner.JOBCAST, peer))
    for number in ours.keys() & theirs.keys():
        yield ours[number].numbers.get(name, 0.0), theirs[number].numbers.get(name, 0.0)


def _most_streams(runner: Runner, measurements: Sequence[Measurement]) -> dict[int, Measurement]:
    """Of each round, the paced run with the most streams."""
    paced = [one for one in measurements if one.system == runner and one.numbers["rate"] > 0]
    return {one.round: one for one in sorted(paced, key=lambda one: one.numbers["streams"])}
