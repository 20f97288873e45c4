"""The launcher's output: every process's lines with its name before them, and our own words without."""

import sys
import threading
from collections.abc import Callable, Sequence
from datetime import datetime

from honcho.colour import get_colours
from honcho.printer import Message, Printer


class Console:
    """Whole lines on stdout, from any thread. `on_broken` is called once when nobody reads any more."""

    def __init__(self, names: Sequence[str], on_broken: Callable[[], None]) -> None:
        self._printer = Printer(sys.stdout, width=max((len(name) for name in names), default=0))
        self._colours = dict(zip(names, get_colours(), strict=False))
        self._lock = threading.Lock()
        self._on_broken = on_broken
        self._is_broken = False

    def line(self, name: str, text: bytes) -> None:
        """Shows what the process `name` wrote."""
        message = Message("line", text, datetime.now(), name, self._colours.get(name))
        self._write(lambda: self._printer.write(message))

    def say(self, sentence: str) -> None:
        self._write(lambda: print(sentence, flush=True))

    def _write(self, write: Callable[[], None]) -> None:
        with self._lock:
            if self._is_broken:
                return
            try:
                write()
            except OSError:
                self._is_broken = True
        if self._is_broken:
            self._on_broken()
