"""Walks through worlds by plain lots: much quicker than Hypothesis, and no move is favoured.

What a walk finds is not made small; `running.run_jobs` is for that.
"""

import random

import pytest
from structlog.testing import capture_logs

from tests.model import promises
from tests.model.dice import Dice
from tests.model.healing import heal
from tests.model.limits import narrow
from tests.model.met import Met
from tests.model.moves import move
from tests.model.server import Server
from tests.model.world import World

_FEWEST = 3


def walk_jobs(server: Server, *, worlds: int, steps: int, first: int = 0) -> Met:
    """What was met in that many worlds of up to that many steps: always the same. Raises what is broken.

    The walk begins with the world `first`.
    """
    met = Met()
    with pytest.MonkeyPatch.context() as patch, capture_logs():
        narrow(patch)
        for number in sorted(range(worlds), key=lambda number: number != first):
            _walk(server, met, number, steps)
    return met


def _walk(server: Server, met: Met, number: int, most: int) -> None:
    random.seed(number)  # the pauses of the code under test are drawn as well
    lots = random.Random(number)
    steps = lots.randint(_FEWEST, most)
    world = World(server, met, clients=lots.randint(1, 3), stormy=lots.random() < 2 / 3)
    try:
        world.open()
        for step in range(steps):
            move(world, Dice(number, step))
            promises.check(world)
        heal(world)
    finally:
        world.close()
