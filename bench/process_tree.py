"""A process and all that it started: what they use, and their end."""

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil


def tree(pid: int) -> list[psutil.Process]:
    """The process `pid` and its descendants; none if it has ended."""
    try:
        top = psutil.Process(pid)
        return [top, *top.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def cpu_s(pid: int) -> float:
    """CPU time of the tree so far, user and system, with that of processes that have ended."""
    return _sum(pid, _cpu_s)


def memory_bytes(pid: int) -> int:
    """Proportional set size: a shared page counts once. Unique set size where there is none."""
    return int(_sum(pid, _memory_bytes))


def rss_bytes(pid: int) -> int:
    """Resident set size of the process alone."""
    return int(psutil.Process(pid).memory_info().rss)


def forget_peak(pid: int) -> None:
    """`peak_bytes` begins anew; without Linux' /proc nothing happens."""
    with suppress(OSError):
        Path(f"/proc/{pid}/clear_refs").write_text("5")


def peak_bytes(pid: int) -> int:
    """The largest resident set size since `forget_peak`; where the system does not tell, the present one."""
    with suppress(OSError):
        found = re.search(r"^VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
        if found:
            return int(found[1]) * 1024
    return rss_bytes(pid)


def descriptors(pid: int) -> int:
    """How many files and sockets the process has open."""
    return int(psutil.Process(pid).num_fds())


def kill_tree(pid: int) -> None:
    """Also those that made a process group of their own."""
    for process in reversed(tree(pid)):
        with suppress(psutil.NoSuchProcess):
            process.kill()


def _sum(pid: int, quantity: Callable[[psutil.Process], float]) -> float:
    total = 0.0
    for process in tree(pid):
        with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            total += quantity(process)
    return total


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)


def _memory_bytes(process: psutil.Process) -> float:
    used = process.memory_full_info()
    return float(getattr(used, "pss", used.uss))
