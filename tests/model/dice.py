"""What a move decides by lot: all from one number, so that a whole step can be kept or left out."""

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """Other ones for the same `seed` every `time`. `shown` tells what was thrown."""

    def __init__(self, seed: int, time: int) -> None:
        self._random = random.Random(f"{seed} {time}")
        self.shown: dict[str, object] = {}

    def pick(self, name: str, options: Sequence[T]) -> T:
        chosen = self._random.choice(options)
        self.shown[name] = chosen
        return chosen

    def picks(self, name: str, options: Sequence[T], *, most: int) -> list[T]:
        chosen = self._random.choices(options, k=self._random.randint(0, most))
        self.shown[name] = chosen
        return chosen
