"""Which core runs what: the measured process has one to itself, everything else shares the others."""

import os
import sys

import msgspec


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
