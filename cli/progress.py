"""How often a job's progress is told in a terminal: an agent may report it at every word. Pure."""

from typing import Final

TOLD_EVERY_POINTS: Final = 10
TOLD_EVERY_S: Final = 2.0


class ProgressPace:
    """Which progress is worth a line: the first, a new step, ten points or two seconds from the last."""

    def __init__(self) -> None:
        self._told: tuple[int, str | None] | None = None
        self._told_at = 0.0

    def tells(self, progress: float, step: str | None, now: float) -> int | None:
        """The whole per cents to tell at `now` (s), from then on taken for told; None: nothing to tell."""
        told = (round(progress), step)
        if told == self._told or not self._is_due(told, now):
            return None
        self._told, self._told_at = told, now
        return told[0]

    def _is_due(self, progress: tuple[int, str | None], now: float) -> bool:
        if self._told is None or progress[1] != self._told[1]:
            return True
        moved = abs(progress[0] - self._told[0])
        return moved >= TOLD_EVERY_POINTS or now - self._told_at >= TOLD_EVERY_S
