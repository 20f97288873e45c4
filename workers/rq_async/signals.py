"""SIGINT and SIGTERM while a worker serves."""

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
SAME_S: Final = 1.0
"""A second one within this is the first one again: Ctrl+C reaches a whole group, and a parent repeats it."""


@contextmanager
def signals(first: Callable[[str], None], second: Callable[[], None]) -> Iterator[None]:
    """Call `first` with the signal's name, and `second` from the second one on, on the running loop.

    Outside the main thread there are no signals to handle, and nothing is done.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in SIGNALS}
    on_signal = _Counter(first, second)
    for number in SIGNALS:
        loop.add_signal_handler(number, on_signal, signal.Signals(number).name)
    try:
        yield
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)


class _Counter:
    def __init__(self, first: Callable[[str], None], second: Callable[[], None]) -> None:
        self._first = first
        self._second = second
        self._since: float | None = None

    def __call__(self, name: str) -> None:
        if self._since is None:
            self._since = time.monotonic()
            self._first(name)
        elif time.monotonic() - self._since > SAME_S:
            self._second()
