"""Keeps one process running: `python -m launch.keeper NAME -- COMMAND…` brings it back when it dies.

- Exit code 78 (a wrong setting) is final and becomes the keeper's own. After 79 it starts again at once, and
  from then on 78 is no more than a crash: somebody is at work on the settings.
- SIGTERM and SIGINT go to the process; one that is not gone after its grace is killed, as SIGQUIT does now.
- The keeper ends with its parent, and the process with the keeper, even after `kill -9`.
"""

import argparse
import math
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Final, NamedTuple

from launch import tether
from launch.backoff import Backoff
from launch.exit_codes import START_AGAIN, WRONG_SETTING
from launch.process_group import kill_group

PARENT_CHECK_S: Final = 0.25
ORPHAN_GRACE_S: Final = 2.0
"""What the process gets when the parent is gone, and with it whoever reads its output."""


class Orders(NamedTuple):
    """What a keeper is told on its command line."""

    name: str
    command: list[str]
    parent: int
    grace_s: float
    group_note: int | None
    """A descriptor of a file that says which process group runs now; 0 for none."""


class Ended(NamedTuple):
    exit_code: int


class StopAsked(NamedTuple):
    signum: int
    grace_s: float


class Overdue(NamedTuple):
    """The time that `Keeper._next_event` was given is over."""


Event = Ended | StopAsked | Overdue


class Keeper:
    """One process, its lives, and the events that concern it."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._backoff = Backoff()
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._has_parent = True
        self._has_begun_anew = False

    def run(self) -> int:
        """Keeps the process until a stop (0) or its final exit code. Call it from the first thread."""
        for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
            signal.signal(signum, self._on_signal)
        while True:
            started = time.monotonic()
            child = self._start()
            match self._next_event():
                case Ended(exit_code) if exit_code == START_AGAIN:
                    self._has_begun_anew = True
                case Ended(exit_code) if exit_code == WRONG_SETTING and not self._has_begun_anew:
                    return exit_code
                case Ended(exit_code):
                    if self._stopped_in_pause(exit_code, self._backoff.after(time.monotonic() - started)):
                        return 0
                case event:
                    return self._stop(child, event)

    def _on_signal(self, signum: int, _: FrameType | None) -> None:
        killed = signum == signal.SIGQUIT
        self._events.put(StopAsked(signal.SIGKILL if killed else signum, self._orders.grace_s))

    def _start(self) -> subprocess.Popen[bytes]:
        tied = [sys.executable, "-I", "-S", tether.__file__, str(os.getpid()), "--", *self._orders.command]
        # A group of its own: signals for the keeper's group reach the process once, through the keeper.
        child = subprocess.Popen(tied, stdin=subprocess.DEVNULL, process_group=0)
        self._note_group(child.pid)
        threading.Thread(
            target=self._await_end, args=(child,), name="end of the process", daemon=True
        ).start()
        return child

    def _await_end(self, child: subprocess.Popen[bytes]) -> None:
        exit_code = child.wait()
        kill_group(child.pid)
        self._note_group(0)
        self._events.put(Ended(exit_code))

    def _note_group(self, group: int) -> None:
        if self._orders.group_note is not None:
            os.pwrite(self._orders.group_note, f"{group:20}".encode(), 0)

    def _next_event(self, deadline: float = math.inf) -> Event:
        while (left_s := deadline - time.monotonic()) > 0:
            with suppress(Empty):
                return self._events.get(timeout=min(left_s, PARENT_CHECK_S))
            if self._has_parent and os.getppid() != self._orders.parent:
                self._has_parent = False
                return StopAsked(signal.SIGTERM, ORPHAN_GRACE_S)
        return Overdue()

    def _stopped_in_pause(self, exit_code: int, pause_s: float) -> bool:
        self._say(f"{_describe(exit_code)}; it starts again in {pause_s:.1f} s.")
        return not isinstance(self._next_event(time.monotonic() + pause_s), Overdue)

    def _stop(self, child: subprocess.Popen[bytes], event: Event) -> int:
        deadline = math.inf
        while not isinstance(event, Ended):
            if isinstance(event, StopAsked):
                child.send_signal(event.signum)
                deadline = min(deadline, time.monotonic() + event.grace_s)
            else:
                self._say("did not stop in time and is killed.")
                kill_group(child.pid)
                deadline = math.inf
            event = self._next_event(deadline)
        return 0

    def _say(self, words: str) -> None:
        # Whoever read our output may be gone; that must not stop us from stopping.
        with suppress(OSError):
            print(f"{self._orders.name} {words}", flush=True)


def _describe(exit_code: int) -> str:
    if exit_code < 0:
        return f"was ended by signal {-exit_code} ({signal.strsignal(-exit_code)})"
    return f"ended with exit code {exit_code}"


def _read_orders(arguments: list[str]) -> Orders:
    parser = argparse.ArgumentParser(prog="python -m launch.keeper", description="Keep one process running.")
    parser.add_argument(
        "--parent", type=int, default=os.getppid(), help="end when this parent process is gone"
    )
    parser.add_argument(
        "--grace", type=float, default=35.0, help="seconds from the signal to stop to the kill"
    )
    parser.add_argument(
        "--group-note", type=int, help="descriptor of a file that takes the process group's id"
    )
    parser.add_argument("name")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args(arguments)
    return Orders(options.name, options.command, options.parent, options.grace, options.group_note)


if __name__ == "__main__":
    sys.exit(Keeper(_read_orders(sys.argv[1:])).run())
