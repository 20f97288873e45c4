"""Turns are spread over time, and none is left out."""

import asyncio

import pytest

from bench.pacer import Pacer
from tests.waiting import eventually


class Counter:
    def __init__(self) -> None:
        self.turns = 0

    def turn(self) -> None:
        self.turns += 1


async def test_all_speakers_have_equally_many_turns_give_or_take_one() -> None:
    pacer, speakers = Pacer(500), [Counter() for _ in range(7)]
    for speaker in speakers:
        pacer.add(speaker)
    pacer.start()
    await eventually(lambda: speakers[0].turns > 20)
    turns = [speaker.turns for speaker in speakers]
    assert max(turns) - min(turns) <= 1


async def test_a_stall_is_told_and_its_turns_are_made_up_for() -> None:
    pacer, speaker = Pacer(1000), Counter()
    pacer.add(speaker)
    loop = asyncio.get_running_loop()
    pacer.start()
    started = loop.time()
    while loop.time() < started + 0.05:
        pass
    await eventually(lambda: speaker.turns >= 45)
    assert loop.time() - started < 5
    assert pacer.late_s >= 0.04


async def test_a_speaker_that_was_removed_has_no_more_turns() -> None:
    pacer, gone, stays = Pacer(1000), Counter(), Counter()
    pacer.add(gone)
    pacer.add(stays)
    pacer.remove(gone)
    pacer.start()
    await eventually(lambda: stays.turns > 2)
    assert gone.turns == 0


@pytest.mark.parametrize("rate", [0.5, 50, 5000])
async def test_any_rate_has_its_ticks(rate: float) -> None:
    pacer, speaker = Pacer(rate), Counter()
    pacer.add(speaker)
    pacer.start()
    await eventually(lambda: speaker.turns > 0)
