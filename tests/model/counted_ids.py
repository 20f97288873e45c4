"""Ids that are counted where the code under test draws lots: the same in every run, and easy to read."""

from typing import Final


class Ids:
    """Counts where the code under test draws ids by lot."""

    def __init__(self) -> None:
        self._last = 0

    def restart(self) -> None:
        self._last = 0

    def next(self, length: int) -> str:
        self._last += 1
        return f"{self._last:0{length}}"


IDS: Final = Ids()
