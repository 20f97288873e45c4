"""`python -m bench`: Jobcast beside its stock peers, in the same run on the same machine."""

import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bench.cores import divide_cores, pin
from bench.fanout.scenarios import SCENARIOS, Scenario
from bench.fanout.tables import fanout_sheets
from bench.measurement import Measurement, compare
from bench.options import QUICK, Options, Program
from bench.processes import BenchError, Processes
from bench.reading.table import reading_sheets
from bench.report import Report, now, show
from bench.rounds import count_of, measure
from bench.sheet import sheets
from bench.yardstick import print_template, seed_jobs
from launch.open_files import allow_many_files

EXIT_INCOMPLETE = 1
EXIT_INTERRUPTED = 130
PLAIN_WIDTH: Final = 160
"""Of tables that go into a file."""


CONTEXT: Final = {"help_option_names": ["-h", "--help"], "show_default": True}


class Commands(click.Group):
    """What is not the name of a command is for `measure`."""

    def parse_args(self, context: click.Context, arguments: list[str]) -> list[str]:
        named = arguments[:1] and arguments[0] in self.commands
        return super().parse_args(context, arguments if named else ["measure", *arguments])


def _chosen(_context: object, _option: object, names: tuple[str, ...]) -> tuple[Scenario, ...]:
    return tuple(one for one in SCENARIOS if one.name in names or not names)


@click.command(context_settings=CONTEXT)
@click.argument("programs", nargs=-1, type=click.Choice([one.value for one in Program]))
@click.option("--followers", type=click.IntRange(1, 2000), default=200, help="Websocket followers.")
@click.option("--events", type=click.IntRange(10, 100_000), default=1000, help="Events of the burst.")
@click.option(
    "--streams",
    type=click.IntRange(1, 2000),
    multiple=True,
    default=Options().streams,
    help="Streams at once in one worker; may be given several times.",
)
@click.option("--stock-jobs", type=click.IntRange(1, 200), default=16, help="Jobs at once on stock RQ.")
@click.option(
    "--scenario",
    "scenarios",
    type=click.Choice([one.name for one in SCENARIOS]),
    multiple=True,
    callback=_chosen,
    help="Of fanout, jobs x followers of each; may be given several times.  [default: all]",
)
@click.option("--rounds", type=click.IntRange(1, 50), default=3, help="Measure everything so often.")
@click.option("--quick", is_flag=True, help="Seconds: does it work? The numbers mean nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of the table.")
def measure_programs(*, programs: tuple[str, ...], quick: bool, as_json: bool, **amounts: Any) -> None:
    """Measure Jobcast beside its stock peers: all PROGRAMS, or those that are named.

    Other commands: seed, template (each with --help).
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    chosen = tuple(map(Program, programs)) or tuple(Program)
    options = msgspec.structs.replace(QUICK if quick else Options(**amounts), programs=chosen)
    try:
        report = run(options)
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        sys.exit(EXIT_INCOMPLETE)
    except KeyboardInterrupt:
        print("bench: stopped, nothing was kept.", file=sys.stderr)
        sys.exit(EXIT_INTERRUPTED)
    _tell(report, as_json=as_json)
    if not quick:
        print(f"Raw numbers: {os.path.relpath(report.save())}", file=sys.stderr)
    sys.exit(0 if report.complete else EXIT_INCOMPLETE)


def _tell(report: Report, *, as_json: bool) -> None:
    if as_json:
        print(report.as_json())
    else:
        show(report, Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH))


def run(options: Options) -> Report:
    """Measure everything. Raises `BenchError`."""
    cores = divide_cores()
    pin(0, cores.others)
    allow_many_files()
    when = now()
    with tempfile.TemporaryDirectory(prefix="jobcast-bench-") as directory:
        measurements = _measure(options, Processes(Path(directory), cores))
    return Report(
        when=when,
        cores=os.cpu_count() or 1,
        pinned=cores.pinned,
        options=options,
        complete=all(one.complete for one in measurements),
        comparisons=compare(measurements),
        sheets=[*sheets(measurements), *reading_sheets(measurements), *fanout_sheets(measurements)],
        measurements=measurements,
    )


def _measure(options: Options, processes: Processes) -> list[Measurement]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("starting", total=count_of(options))
        found = []
        for one in measure(options, processes, on_step=lambda step: progress.update(task, description=step)):
            found.append(one)
            progress.advance(task)
        return found


main = Commands(
    commands={"measure": measure_programs, "seed": seed_jobs, "template": print_template},
    context_settings=CONTEXT,
)

if __name__ == "__main__":
    main(prog_name="python -m bench")
