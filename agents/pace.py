"""How fast chunks come, over a short sliding window. Pure, with the clock passed in."""

import math
from collections import deque
from collections.abc import Callable
from typing import Final

WINDOW_S: Final = 3.0
SHORTEST_S: Final = 0.25
"""Nothing is said before the chunks in the window span this time."""
FEWEST: Final = 4
"""Nor before so many have come after the window's first."""
_MARK_EVERY_S: Final = 0.1


class Pace:
    """`tick` at every chunk. After a pause longer than the window it begins anew."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._count = 0
        self._mark_at = -math.inf
        # (time, chunks so far); a mark per 100 ms bounds it, however fast the chunks come.
        self._marks: deque[tuple[float, int]] = deque()

    def tick(self) -> float | None:
        """Chunks per second with one decimal, or None while there is too little to tell."""
        now = self._clock()
        self._count += 1
        if now >= self._mark_at:
            self._mark(now)
        began, before = self._marks[0]
        span, chunks = now - began, self._count - before
        return round(chunks / span, 1) if span >= SHORTEST_S and chunks >= FEWEST else None

    def _mark(self, now: float) -> None:
        self._marks.append((now, self._count))
        self._mark_at = now + _MARK_EVERY_S
        while now - self._marks[0][0] > WINDOW_S:
            self._marks.popleft()
