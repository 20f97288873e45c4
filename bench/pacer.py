"""Gives each of many speakers its turns, so many a second, spread over time."""

import asyncio
from typing import Final, Protocol

TICK_S: Final = 0.001


class Speaker(Protocol):
    def turn(self) -> None: ...


class Pacer:
    """One timer for all: every tick is the turn of one phase, a share of the speakers."""

    def __init__(self, rate: float) -> None:
        self._phases: list[set[Speaker]] = [set() for _ in range(max(1, round(1 / (rate * TICK_S))))]
        self._tick_s = 1 / (rate * len(self._phases))
        self._phase = 0
        self._due = 0.0
        self._loop = asyncio.get_running_loop()
        self.late_s = 0.0
        """The longest that a turn has come after its time."""

    def start(self) -> None:
        self._due = self._loop.time()
        self._tick()

    def add(self, speaker: Speaker) -> None:
        min(self._phases, key=len).add(speaker)

    def remove(self, speaker: Speaker) -> None:
        for phase in self._phases:
            phase.discard(speaker)

    def _tick(self) -> None:
        self.late_s = max(self.late_s, self._loop.time() - self._due)
        for speaker in tuple(self._phases[self._phase]):
            speaker.turn()
        self._phase = (self._phase + 1) % len(self._phases)
        # A tick that is due already comes at once, but after what the sockets have: no turn is left out.
        self._due += self._tick_s
        self._loop.call_at(self._due, self._tick)
