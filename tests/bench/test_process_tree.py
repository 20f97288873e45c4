"""The tree is counted and killed whole, also where a child has a process group of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from bench.process_tree import (
    cpu_s,
    descriptors,
    forget_peak,
    kill_tree,
    memory_bytes,
    peak_bytes,
    rss_bytes,
    tree,
)
from tests.waiting import wait_until

FAMILY = """
import os, signal
if os.fork() == 0:
    os.setpgrp()
    kept = bytes(range(256)) * 80_000
print(flush=True)
signal.pause()
"""


@pytest.fixture
def family() -> Iterator[int]:
    with subprocess.Popen([sys.executable, "-c", FAMILY], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        for _ in range(2):
            parent.stdout.readline()
        yield parent.pid
        kill_tree(parent.pid)


def test_the_memory_of_a_child_counts(family: int) -> None:
    assert memory_bytes(family) > 20_000_000


def test_the_tree_dies_whole(family: int) -> None:
    processes = tree(family)
    assert len(processes) == 2
    kill_tree(family)
    wait_until(lambda: all(not one.is_running() or one.status() == psutil.STATUS_ZOMBIE for one in processes))


def test_a_process_that_has_gone_has_used_nothing() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert (cpu_s(gone.pid), memory_bytes(gone.pid)) == (0, 0)


def test_the_peak_is_that_since_it_was_forgotten() -> None:
    """A block that is given back to the system stays in the peak until it is forgotten."""
    block = b"x" * (64 * 1024 * 1024)
    del block
    assert peak_bytes(os.getpid()) > rss_bytes(os.getpid()) + 32 * 1024 * 1024
    forget_peak(os.getpid())
    assert peak_bytes(os.getpid()) < rss_bytes(os.getpid()) + 16 * 1024 * 1024


def test_an_open_file_is_a_descriptor(tmp_path: Path) -> None:
    before = descriptors(os.getpid())
    with (tmp_path / "file").open("w"):
        assert descriptors(os.getpid()) == before + 1
