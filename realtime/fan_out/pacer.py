"""When to flush: at once as long as that is cheap, in windows as the loop gets busy. Pure."""

from typing import Final

LONGEST_WINDOW_S: Final = 0.05
SHARE: Final = 0.25
"""The window after a flush, as a part of what that has cost: flushing takes four fifths of a core at most."""


class Pacer:
    """Asks for nothing but the time (seconds of a monotonic clock)."""

    def __init__(self) -> None:
        self._not_before = 0.0
        self.window_s = 0.0

    def wait_s(self, now: float) -> float:
        """How long a flush that is due has yet to wait; 0 or less: not at all."""
        return self._not_before - now

    def flushed(self, cost_s: float, now: float) -> None:
        """A flush has run, and taken `cost_s` of the processor: the more, the longer the next window."""
        self.window_s = min(LONGEST_WINDOW_S, cost_s * SHARE)
        self._not_before = now + self.window_s
