"""Which core runs what: the measured process has one to itself, everything else shares the others."""

import os
import resource
import sys
from typing import Final

import msgspec

_FILES_WANTED: Final = 32768


class Cores(msgspec.Struct, frozen=True):
    """Empty sets: nothing is pinned, because the system cannot or there is only one core."""

    measured: frozenset[int] = frozenset()
    others: frozenset[int] = frozenset()

    @property
    def pinned(self) -> bool:
        return bool(self.measured)


def divide_cores() -> Cores:
    if sys.platform != "linux":
        return Cores()
    first, *others = sorted(os.sched_getaffinity(0))
    return Cores(frozenset({first}), frozenset(others)) if others else Cores()


def pin(pid: int, cores: frozenset[int]) -> None:
    """Bind a process that has just started, and so all threads that it will have."""
    if sys.platform == "linux" and cores:
        os.sched_setaffinity(pid, cores)


def allow_many_connections() -> None:
    """Raise this process' limit of open files, and that of those it starts, as far as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES_WANTED if hard == resource.RLIM_INFINITY else min(_FILES_WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
