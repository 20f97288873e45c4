"""Both ways of tying a process to its parent: the kernel's, and the watcher that other systems need."""

import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from launch import tether
from tests.launch.conftest import Start, all_gone
from tests.waiting import wait_until

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="compares both ways, and Linux alone has both"
)

PARENT = """
import os, subprocess, sys
subprocess.Popen([sys.executable, "-I", "-S", *sys.argv[1:-3], str(os.getpid()), *sys.argv[-3:]]).wait()
"""
WAYS = pytest.mark.parametrize("way", [[], ["--watched"]], ids=["kernel", "watcher"])


def sleepers(seconds: str) -> list[psutil.Process]:
    """Everything that was started with this number on its command line, the watchers included."""
    mine = (process for process in psutil.process_iter() if process.pid != os.getpid())
    return [process for process in mine if seconds in _command_line(process)]


def _command_line(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.NoSuchProcess:
        return []


@WAYS
def test_a_process_ends_when_its_parent_is_killed(start: Start, way: list[str]) -> None:
    seconds = f"{os.getpid()}.{len(way)}1"
    parent = start("-c", PARENT, tether.__file__, *way, "--", "sleep", seconds)
    wait_until(lambda: any(process.name() == "sleep" for process in sleepers(seconds)))
    family = sleepers(seconds)
    parent.send(signal.SIGKILL)
    parent.wait()
    wait_until(lambda: all_gone(family))


@WAYS
def test_nothing_is_left_when_the_process_ends_by_itself(start: Start, way: list[str]) -> None:
    seconds = f"0.0{os.getpid()}{len(way)}"
    parent = start("-c", PARENT, tether.__file__, *way, "--", "sleep", seconds)
    assert parent.wait() == 0
    wait_until(lambda: not sleepers(seconds))


@WAYS
def test_a_command_is_not_run_for_a_parent_that_is_gone(start: Start, way: list[str], tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    gone = start("-c", "")
    gone.wait()
    assert start(tether.__file__, *way, str(gone.pid), "--", "touch", trace).wait() in {0, -signal.SIGKILL}
    assert not trace.exists()


def test_a_command_that_does_not_exist_is_one_sentence(start: Start) -> None:
    program = start(tether.__file__, str(os.getpid()), "--", "no-such-command")
    assert program.wait() == 1
    assert program.output == "jobcast: no-such-command cannot be run: No such file or directory.\n"
