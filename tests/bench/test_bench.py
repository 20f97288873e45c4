"""The bench runs, and says whether everything arrived. Nothing here looks at how fast it was."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from msgspec.structs import replace

from bench.fanout.native import Native
from bench.options import QUICK, Program
from bench.rounds import count_of
from tests.waiting import wait_until

BOTH = ("jobcast", "python-socketio")
MEASURED = {
    "publish": BOTH,
    "append": ("jobcast",),
    "streams": ("jobcast", "httpx-sse", "rq pool"),
    "backends": ("jobcast", "jobcast, JobContext", "httpx", "official SDK"),
    "burst": BOTH,
    "paced": BOTH,
}
NATIVE = {
    "fanout": ("jobcast", "python-socketio", "socket.io, Node", "C, one send a frame"),
    "memory": ("jobcast", "python-socketio", "socket.io, Node", "C, one send a frame"),
    "storm": ("jobcast", "python-socketio", "socket.io, Node"),
    "slow": ("jobcast", "python-socketio", "socket.io, Node"),
    "overload": ("jobcast", "python-socketio", "socket.io, Node"),
}
CHECKOUT = Path(__file__).resolve().parents[2]
WITHIN_S = 180


def start(*arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "bench", *arguments],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_quick_run_measures_everything_and_every_count_is_complete() -> None:
    bench = start("--quick", "--json", *MEASURED)
    output, errors = bench.communicate(timeout=WITHIN_S)
    assert bench.returncode == 0, errors
    report = json.loads(output)
    assert report["complete"] is True
    assert len(report["measurements"]) == count_of(replace(QUICK, programs=tuple(map(Program, MEASURED))))
    assert {(one["program"], one["system"], one["complete"]) for one in report["measurements"]} == {
        (program, system, True) for program, systems in MEASURED.items() for system in systems
    }
    bursts = [one for one in report["measurements"] if one["program"] == "burst"]
    assert all(one["numbers"]["deliveries"] == QUICK.followers * QUICK.events for one in bursts)


def test_a_quick_run_with_the_native_client_measures_every_peer_or_says_why_not(native: Native) -> None:
    bench = start("--quick", "--json", *NATIVE)
    output, errors = bench.communicate(timeout=WITHIN_S)
    assert bench.returncode == 0, errors
    report = json.loads(output)
    assert report["complete"] is True
    assert {(one["program"], one["system"]) for one in report["measurements"]} == {
        (program, system) for program, systems in NATIVE.items() for system in systems
    }
    assert all(one["numbers"] or one["note"].startswith("left out: ") for one in report["measurements"])
    assert all(one["numbers"] for one in report["measurements"] if one["system"] != "socket.io, Node")
    assert {sheet["title"].split(":")[0] for sheet in report["sheets"]} == set(NATIVE)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_no_process_behind(number: signal.Signals) -> None:
    bench = start("--rounds", "50")
    started = wait_until(lambda: psutil.Process(bench.pid).children(recursive=True))
    bench.send_signal(number)
    _, errors = bench.communicate(timeout=60)
    assert bench.returncode == 130, errors
    assert "stopped" in errors
    assert psutil.wait_procs(started, timeout=30)[1] == []


def test_only_the_named_programs_are_measured() -> None:
    bench = start("append", "--quick", "--json")
    output, errors = bench.communicate(timeout=WITHIN_S)
    assert bench.returncode == 0, errors
    assert {one["program"] for one in json.loads(output)["measurements"]} == {"append"}


@pytest.mark.parametrize(
    "wrong",
    [
        *(("--streams", "0"), ("--followers", "0"), ("--events", "many"), ("--rounds", "-1")),
        ("--scenario", "3x3"),
    ],
)
def test_a_wrong_option_is_refused_before_anything_starts(wrong: tuple[str, str]) -> None:
    bench = start(*wrong)
    _, errors = bench.communicate(timeout=WITHIN_S)
    assert bench.returncode == 2
    assert wrong[0] in errors
