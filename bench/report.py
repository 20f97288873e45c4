"""What a run tells: a table for people, one JSON object for programs, and a file of raw lines."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from bench.measurement import Comparison, Measurement
from bench.options import Options
from bench.sheet import Column, Line, Sheet

RESULTS: Final = Path(__file__).resolve().parent / "results"
NOTES: Final = (
    "Medians over the rounds; times better: the median of the rounds' own ratios, below 1 is worse.\n"
    "Jobcast numbers every event and stores it durably in the job's log, then publishes it;\n"
    "python-socketio only publishes. In publish nobody listens."
)
_TITLES: Final = {
    "publish": "publish: one writer",
    "burst": "fan-out, burst: one job",
    "paced": "fan-out, paced: 50 events/s a job",
}


class Report(msgspec.Struct, frozen=True):
    when: str
    cores: int
    pinned: bool
    options: Options
    complete: bool
    comparisons: list[Comparison]
    sheets: list[Sheet]
    measurements: list[Measurement]

    def as_json(self) -> str:
        return msgspec.json.encode(self).decode()

    def save(self) -> Path:
        """One line per measurement, each with when and how it was made."""
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / f"{self.when.replace(':', '')}.jsonl"
        run = {"when": self.when, "cores": self.cores, "pinned": self.pinned, "options": self.options}
        lines = (msgspec.json.encode({**run, **msgspec.structs.asdict(one)}) for one in self.measurements)
        path.write_bytes(b"".join(line + b"\n" for line in lines))
        return path


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").removesuffix("+00:00") + "Z"


def show(report: Report, console: Console) -> None:
    if report.comparisons:
        _show_comparisons(report.comparisons, console)
    for sheet in report.sheets:
        _show_sheet(sheet, console)
    for sentence in _findings(report):
        console.print(sentence, highlight=False)


def _show_comparisons(comparisons: Sequence[Comparison], console: Console) -> None:
    table = Table(title="Jobcast beside python-socketio", title_justify="left")
    table.add_column("measured")
    for column in ("Jobcast", "python-socketio", "times better"):
        table.add_column(column, justify="right")
    program = ""
    for one in comparisons:
        if one.quantity.program != program:
            program = one.quantity.program
            table.add_section()
            table.add_row(f"[bold]{_TITLES[program]}[/bold]")
        table.add_row(f"  {one.quantity.label}", *_cells(one))
    console.print(table)
    console.print(NOTES, highlight=False)


def _show_sheet(sheet: Sheet, console: Console) -> None:
    table = Table(title=_title(sheet), title_justify="left", box=SIMPLE_HEAD, collapse_padding=True)
    table.add_column("system", no_wrap=True)
    several = len({line.variant for line in sheet.lines}) > 1
    if several:
        table.add_column("load", no_wrap=True)
    for column in sheet.columns:
        table.add_column(column.label, justify="right", min_width=max(map(len, column.label.split())))
    if any(line.note for line in sheet.lines):
        table.add_column("", no_wrap=True)
    for line in sheet.lines:
        load = [line.variant] if several else []
        table.add_row(line.system, *load, *_cells_of(line, sheet.columns), line.note)
    console.print(table)
    for remark in sheet.remarks:
        console.print(remark, highlight=False, soft_wrap=True)


def _title(sheet: Sheet) -> str:
    """With the load, where all lines have the same."""
    variants = {line.variant for line in sheet.lines}
    return f"{sheet.title}; {variants.pop()}" if len(variants) == 1 else sheet.title


def _cells_of(line: Line, columns: Sequence[Column]) -> list[str]:
    return [_number(value, column.digits) for value, column in zip(line.values, columns, strict=True)]


def _cells(one: Comparison) -> Sequence[str]:
    digits = one.quantity.digits
    return (_number(one.jobcast, digits), _number(one.stock, digits), _ratio(one.ratio))


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"


def _ratio(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"


def _findings(report: Report) -> list[str]:
    """What a reader must know before believing the table."""
    found = [
        f"[bold red]Incomplete:[/bold red] {one.program}, round {one.round}, {one.system}: {one.numbers}"
        for one in report.measurements
        if not one.complete
    ]
    if not found:
        found.append("Every event of every run arrived: counted, once, in order.")
    if skipped := sum(one.numbers.get("skipped", 0.0) for one in report.measurements):
        found.append(f"{skipped:,.0f} events reached slow followers inside a snapshot instead of one by one.")
    if not report.pinned:
        found.append("Processes were not pinned to cores: expect noise.")
    return found
