"""`python -m bench`: Jobcast beside stock python-socketio, in the same run on the same machine."""

import os
import signal
import sys
import tempfile
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bench.cores import allow_many_connections, divide_cores, pin
from bench.measurement import Measurement, compare
from bench.options import QUICK, Options
from bench.processes import BenchError, Processes
from bench.report import Report, now, show
from bench.rounds import count_of, measure

EXIT_INCOMPLETE = 1
EXIT_INTERRUPTED = 130


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.option("--followers", type=click.IntRange(1, 2000), default=200, help="Websocket followers.")
@click.option("--events", type=click.IntRange(10, 100_000), default=1000, help="Events of the burst.")
@click.option("--rounds", type=click.IntRange(1, 50), default=3, help="Measure everything so often.")
@click.option("--quick", is_flag=True, help="Seconds: does it work? The numbers mean nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of the table.")
def main(*, followers: int, events: int, rounds: int, quick: bool, as_json: bool) -> None:
    """Measure Jobcast beside stock python-socketio with AsyncRedisManager. bench/README.md explains."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    options = QUICK if quick else Options(followers=followers, events=events, rounds=rounds)
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
        show(report, Console())


def run(options: Options) -> Report:
    """Measure everything. Raises `BenchError`."""
    cores = divide_cores()
    pin(0, cores.others)
    allow_many_connections()
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


if __name__ == "__main__":
    main()
