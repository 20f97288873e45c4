"""Runs the Procfile's processes until a stop is asked for, or one cannot go on.

honcho reads the Procfile and prints; its manager is not used. It ends all processes when one dies, stops
Redis together with those that still write to it, and leaves processes behind when a signal meets it starting.
"""

import signal
import threading
import time
from collections.abc import Callable, Mapping
from queue import SimpleQueue
from typing import Final, NamedTuple

from launch.console import Console
from launch.exit_codes import WRONG_SETTING
from launch.kept_process import KeptProcess, Surroundings

STOP_LAST: Final = ("web", "redis")
"""One after the other, when all others have ended: a worker's last words go through Redis, and to readers."""
KEEPER_RETURNS_AFTER_S: Final = 1.0
KILL_MARGIN_S: Final = 5.0
"""A keeper kills its process in time by itself; one that does not is killed this much later."""
IMPATIENT_AFTER_S: Final = 1.0
"""A signal may come twice, from a terminal and from make; a person needs longer to ask again."""


class KeeperEnded(NamedTuple):
    name: str
    exit_code: int


class KeeperDue(NamedTuple):
    """A keeper that was killed shall start again."""

    name: str


class StopAsked(NamedTuple):
    signum: int


class StopOverdue(NamedTuple):
    """Whoever was asked to stop has had time enough."""


Event = KeeperEnded | KeeperDue | StopAsked | StopOverdue


class Processes:
    """The processes of one launch. You call `run` once, from the first thread."""

    def __init__(self, commands: Mapping[str, str], surroundings: Surroundings) -> None:
        self._commands = commands
        self._surroundings = surroundings
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._running: dict[str, KeptProcess] = {}
        self._asked: set[str] = set()
        self._stopping_since: float | None = None
        self._exit_code = 0
        self.console = Console([*commands], on_broken=lambda: self.ask_to_stop(signal.SIGPIPE))

    def ask_to_stop(self, signum: int) -> None:
        """May be called from any thread, and from a signal handler."""
        self._events.put(StopAsked(signum))

    def run(self) -> int:
        """Returns the exit code once every process has ended."""
        for name in self._commands:
            self._start(name)
        while self._running or self._stopping_since is None:
            self._handle(self._events.get())
        return self._exit_code

    def _handle(self, event: Event) -> None:
        match event:
            case KeeperEnded():
                self._on_end(event)
            case KeeperDue():
                self._start(event.name)
            case StopAsked():
                self._on_stop_asked(event.signum)
            case StopOverdue():
                self._each_asked(KeptProcess.kill)

    def _start(self, name: str) -> None:
        if self._stopping_since is not None:
            return
        process = KeptProcess(name, self._commands[name], self._surroundings)
        self._running[name] = process
        process.follow(on_line=self.console.line, on_end=lambda *ended: self._events.put(KeeperEnded(*ended)))

    def _on_end(self, ended: KeeperEnded) -> None:
        self._running.pop(ended.name).await_last_line(timeout_s=1.0)
        if self._stopping_since is not None:
            self._stop_next()
        elif ended.exit_code == WRONG_SETTING:
            self._exit_code = WRONG_SETTING
            self._begin_stop(f"{ended.name} cannot run with these settings; stopping.")
        else:
            self._after(KEEPER_RETURNS_AFTER_S, KeeperDue(ended.name))

    def _on_stop_asked(self, signum: int) -> None:
        if self._stopping_since is None:
            self._begin_stop("Stopping. Ctrl-C again stops at once, without waiting for jobs.")
        elif signum == signal.SIGINT and time.monotonic() - self._stopping_since > IMPATIENT_AFTER_S:
            self._each_asked(KeptProcess.ask_to_kill)

    def _begin_stop(self, sentence: str) -> None:
        self._stopping_since = time.monotonic()
        self._stop_next()
        self.console.say(sentence)

    def _stop_next(self) -> None:
        """Asks those whose turn it is."""
        first = [name for name in self._running if name not in STOP_LAST]
        turn = first or [name for name in STOP_LAST if name in self._running][:1]
        for name in (name for name in turn if name not in self._asked):
            self._asked.add(name)
            self._running[name].ask_to_stop()
            self._after(self._surroundings.grace_s + KILL_MARGIN_S, StopOverdue())

    def _each_asked(self, action: Callable[[KeptProcess], None]) -> None:
        for name in self._asked & self._running.keys():
            action(self._running[name])

    def _after(self, delay_s: float, event: Event) -> None:
        timer = threading.Timer(delay_s, self._events.put, (event,))
        timer.daemon = True
        timer.start()
