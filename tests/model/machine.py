"""The Hypothesis machine: what can happen to a job, in any order, with the promises checked in between."""

import sys
from collections import Counter
from typing import ClassVar

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.model import promises
from tests.model.dice import Dice
from tests.model.healing import heal
from tests.model.met import Met
from tests.model.moves import move
from tests.model.server import Server
from tests.model.world import World


class JobMachine(RuleBasedStateMachine):
    """Give a subclass a `server` and a `met`."""

    server: ClassVar[Server]
    met: ClassVar[Met]

    def __init__(self) -> None:
        super().__init__()
        self._begun: World | None = None
        self._times: Counter[int] = Counter()

    @initialize(clients=st.integers(1, 3), stormy=st.sampled_from([True, True, False]))
    def begin(self, clients: int, stormy: bool) -> None:
        self._begun = World(self.server, self.met, clients=clients, stormy=stormy)
        self._begun.open()

    @rule(seed=st.integers(0, 2**20 - 1))
    def step(self, seed: int) -> None:
        assert self._begun is not None
        self._times[seed] += 1
        dice = Dice(seed, self._times[seed])
        try:
            move(self._begun, dice)
        finally:
            note(f"  {dice.shown}")

    @invariant()
    def promises_hold(self) -> None:
        if self._begun is not None:
            promises.check(self._begun)

    def teardown(self) -> None:
        """What has come so far without an error must come to a good end."""
        world = self._begun
        if world is None:
            return
        try:
            if sys.exc_info()[1] is None:
                heal(world)
        finally:
            world.close()
