"""Read buffers: a process that reads small messages does not fault in a new page for each."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
READ = """
import resource, socket
from launch.read_buffers import keep_read_buffers

ours, theirs = socket.socketpair()

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(1000):
        theirs.send(b"x" * 300)
        ours.recv(256 * 1024)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

before = faults()
keep_read_buffers()
print(before, faults())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="It is about the GNU C library.")
def test_a_thousand_reads_cost_no_thousand_pages() -> None:
    command = [sys.executable, "-c", READ]
    said = subprocess.run(command, capture_output=True, check=True, text=True, cwd=ROOT)
    before, after = map(int, said.stdout.split())
    assert before > 900, "nothing to keep: is the call still needed?"
    assert after < 100
