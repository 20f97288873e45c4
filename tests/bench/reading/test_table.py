"""The table of the program `backends`: medians of the rounds, and ratios round by round."""

from bench.measurement import Measurement
from bench.orders import Reader
from bench.reading.table import reading_sheets

OTHERS = {"chunks_per_core_s": 1.0, "chunks_per_s": 1.0, "reader_busy": 1.0, "grown_bytes": 1024.0**2}


def measured(reader: Reader, number: int, us_per_chunk: float, variant: str = "Ollama") -> Measurement:
    return Measurement("backends", reader, number, True, {**OTHERS, "us_per_chunk": us_per_chunk}, variant)


def test_a_ratio_is_the_median_of_those_of_the_rounds() -> None:
    ours = [measured(Reader.JOBCAST, number, cost) for number, cost in enumerate((1, 10, 2))]
    theirs = [measured(Reader.SDK, number, cost) for number, cost in enumerate((4, 50, 12))]
    [sheet] = reading_sheets([*ours, *theirs])
    lines = {line.system: line.values for line in sheet.lines}
    assert lines[Reader.JOBCAST][1] == 2
    assert lines[Reader.JOBCAST][-1] is None
    assert lines[Reader.SDK][1] == 12
    assert lines[Reader.SDK][-1] == 5


def test_every_load_is_compared_with_itself() -> None:
    found = [
        measured(reader, 1, cost, variant)
        for variant, cost in (("Ollama", 2), ("Anthropic", 20))
        for reader, cost in ((Reader.JOBCAST, cost), (Reader.HTTPX, cost * 3))
    ]
    [sheet] = reading_sheets(found)
    compared = {line.variant: line.values[-1] for line in sheet.lines if line.system is Reader.HTTPX}
    assert compared == {"Ollama": 3, "Anthropic": 3}


def test_other_programs_have_no_line() -> None:
    assert reading_sheets([Measurement("publish", Reader.JOBCAST, 1, True, {})]) == []
