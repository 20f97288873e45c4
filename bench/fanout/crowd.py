"""The load client as the bench sees it: a process that keeps many followers."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import msgspec

from bench.fanout.dialect import Dialect
from bench.processes import Process, Processes

SLACK_S: Final = 20.0
"""So much later than it was told to an answer may come."""


class Count(msgspec.Struct, frozen=True):
    """What the followers have seen; `*_s` is −1 where not all of them got there.

    `delivered`: events, of which a merged chunk brings several; `frames` brought them. `gaps`: events that
    were missing, `doubles` that came again; `skipped`: events that a snapshot stood for. `lost`: honest
    followers whose connection ended; `dropped`: others.
    """

    seconds: float
    open: int
    live: int
    whole: int
    open_s: float
    live_s: float
    whole_s: float
    delivered: int
    frames: int
    bytes: int
    gaps: int
    doubles: int
    skipped: int
    resets: int
    refused: int
    lost: int
    dropped: int
    timed: int
    p50_ms: float
    p99_ms: float
    max_ms: float
    cpu_s: float

    @property
    def orderly(self) -> bool:
        return not self.gaps and not self.doubles and not self.resets

    @property
    def per_s(self) -> float:
        return self.delivered / self.seconds


class Crowd:
    """Each method returns when the followers have done it, or time is up."""

    def __init__(self, process: Process, followers: "Followers") -> None:
        self.process = process
        self.followers = followers

    def open(self, within_s: float) -> Count:
        """Connect, and ask for nothing yet."""
        return self._ask(f"open {within_s}", within_s)

    def follow(self, within_s: float) -> Count:
        return self._ask(f"follow {within_s}", within_s)

    def reach(self, sequence: int, within_s: float) -> Count:
        """Follow, from where each is, until every honest one has `sequence`."""
        return self._ask(f"reach {sequence} {within_s}", within_s)

    def measure(self, warm_s: float, seconds: float) -> Count:
        self.begin(warm_s, seconds)
        return self.counted(warm_s + seconds)

    def begin(self, warm_s: float, seconds: float) -> None:
        self.process.tell(f"measure {warm_s} {seconds}")

    def counted(self, within_s: float) -> Count:
        """The answer to `begin`."""
        return self.process.read(Count, within_s + SLACK_S)

    def count(self) -> Count:
        """The numbers as they are."""
        return self._ask("count", 0)

    def drop(self) -> Count:
        """Close all connections. Who had got somewhere will go on from there."""
        return self._ask("drop", 0)

    def _ask(self, line: str, within_s: float) -> Count:
        self.process.tell(line)
        return self.counted(within_s)


class Followers(msgspec.Struct, frozen=True):
    """So many, spread over the jobs in turns; of them some never read, and some read 1 kB/s."""

    count: int
    jobs: int
    never_read: int = 0
    read_slowly: int = 0


@contextmanager
def crowd(
    processes: Processes, load: str, port: int, followers: Followers, dialect: Dialect
) -> Iterator[Crowd]:
    """A crowd that is not connected yet, by the program `load`."""
    command = [load, "-p", str(port), "-n", str(followers.count), "-j", str(followers.jobs)]
    command += ["-s", dialect.subscribe, *(["-r", dialect.resume] if dialect.resume else [])]
    command += ["-N", str(followers.never_read), "-W", str(followers.read_slowly)]
    with processes.answering("load", command) as process:
        yield Crowd(process, followers)
