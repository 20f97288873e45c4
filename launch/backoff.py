"""How long to wait before a process that died is started again."""

import random
from collections.abc import Callable
from typing import Final

FIRST_S: Final = 0.2
LONGEST_S: Final = 5.0
STABLE_AFTER_S: Final = 10.0
_JITTER: Final = 0.25


class Backoff:
    """0.2 s, doubling to 5 s; a process that lived for 10 s begins anew.

    A random share of a quarter is taken off, so that processes that died together do not return together.
    """

    def __init__(self, chance: Callable[[], float] = random.random) -> None:
        self._chance = chance
        self._next_s = FIRST_S

    def after(self, lived_s: float) -> float:
        """The pause, in seconds, after a process that lived for `lived_s`."""
        pause_s = FIRST_S if lived_s >= STABLE_AFTER_S else self._next_s
        self._next_s = min(pause_s * 2, LONGEST_S)
        return pause_s * (1 - _JITTER * self._chance())
