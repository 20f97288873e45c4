"""The fan-out with everything going wrong that may go wrong: no follower ever misses or repeats anything.

Walks by plain lots are quick and favour no move; Hypothesis makes small what it finds. The floors are about
half of what the walks meet: below them they have not seen what they are about.
"""

import random
import sys
from collections import Counter
from typing import Final

import pytest
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from structlog.testing import capture_logs

from tests.model.dice import Dice
from tests.model.met import Met
from tests.realtime.fan_out.feed_moves import move, narrow, open_with
from tests.realtime.fan_out.feed_mutants import MUTANTS
from tests.realtime.fan_out.feed_promises import check, heal
from tests.realtime.fan_out.feed_world import World

WORLDS: Final = 300
STEPS: Final = 60
FLOORS: Final = {
    "events": 4000,
    "congested": 3000,
    "due": 130,
    "snapshots": 650,
    "merged chunks": 600,
    "mends": 300,
    "epoch changes": 180,
    "hidden": 100,
    "from elsewhere": 70,
    "resets": 60,
    "failovers that lost events": 55,
    "partial writes": 45,
    "refused": 35,
    "upgrades": 30,
}


def walk(*, worlds: int, steps: int) -> Met:
    """What was met in that many worlds: always the same. Raises what is broken."""
    met = Met()
    with capture_logs():
        for number in range(worlds):
            with pytest.MonkeyPatch.context() as patch:
                narrow(patch)
                _walk(met, number, steps)
    return met


def _walk(met: Met, number: int, steps: int) -> None:
    random.seed(number)  # the pauses of the code under test are drawn as well
    world = World(met, followers=1 + number % 4)
    try:
        open_with(world, Dice(number, -1))
        for step in range(steps):
            move(world, Dice(number, step))
            check(world)
        heal(world)
        met.note("mends", world.hub.mender.mends)
        met.note("partial writes", world.lines.partial_writes)
    finally:
        world.close()


class FeedMachine(RuleBasedStateMachine):
    """What can happen to a followed job, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self._begun: World | None = None
        self._times: Counter[int] = Counter()

    @initialize(followers=st.integers(1, 4), seed=st.integers(0, 1000))
    def begin(self, followers: int, seed: int) -> None:
        random.seed(seed)
        self._begun = World(Met(), followers=followers)
        open_with(self._begun, Dice(seed, -1))

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
            check(self._begun)

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


def test_nobody_misses_or_repeats_anything() -> None:
    assert not walk(worlds=WORLDS, steps=STEPS).short_of(FLOORS)


def test_nobody_misses_or_repeats_anything_wherever_hypothesis_looks() -> None:
    fixed = settings(
        max_examples=150,
        stateful_step_count=30,
        deadline=None,
        derandomize=True,
        database=None,
        report_multiple_bugs=False,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    with pytest.MonkeyPatch.context() as patch, capture_logs():
        narrow(patch)
        run_state_machine_as_test(FeedMachine, settings=fixed)


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_found_out(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    MUTANTS[name].apply(monkeypatch)
    with pytest.raises((AssertionError, LookupError, ValueError)):
        walk(worlds=WORLDS, steps=STEPS)
