"""The table of the program `backends`. Pure."""

from collections.abc import Iterable, Sequence
from statistics import median
from typing import Final

from bench.measurement import Measurement
from bench.orders import Reader
from bench.reading.program import PROGRAM
from bench.sheet import Column, Line, Sheet

_COST: Final = "us_per_chunk"
_COLUMNS: Final = (
    Column("chunks_per_core_s", "chunks per core-s"),
    Column(_COST, "CPU µs a chunk", 1),
    Column("chunks_per_s", "chunks/s"),
    Column("reader_busy", "busy", 2),
    Column("grown_bytes", "MiB grown", 1, 1 / 1024**2),
)
_TIMES: Final = Column("times", "jobcast, times", 1)


def reading_sheets(measurements: Iterable[Measurement]) -> list[Sheet]:
    """One, if anything was read; each line says how many times less Jobcast's backend costs."""
    found = [one for one in measurements if one.program == PROGRAM]
    variants = dict.fromkeys(one.variant for one in found)
    lines = [
        _line(reader, variant, [one for one in found if one.variant == variant])
        for variant in variants
        for reader in Reader
    ]
    title = "backends: answers read at once by a process on one core"
    return [Sheet(title, (*_COLUMNS, _TIMES), lines)] if lines else []


def _line(reader: Reader, variant: str, same_load: Sequence[Measurement]) -> Line:
    ours, theirs = (
        {one.round: one.numbers for one in same_load if one.system is who} for who in (Reader.JOBCAST, reader)
    )
    values = [_median(one[column.name] * column.scale for one in theirs.values()) for column in _COLUMNS]
    times = [theirs[number][_COST] / ours[number][_COST] for number in ours.keys() & theirs.keys()]
    return Line(reader, variant, (*values, None if reader is Reader.JOBCAST else _median(times)))


def _median(values: Iterable[float]) -> float | None:
    found = list(values)
    return median(found) if found else None
