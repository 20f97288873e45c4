"""The scripted backend: deterministic, on time, and it leaves the loop its turns."""

import asyncio
import time

import pytest

from agents import BackendRejected, Finished, Scripted
from agents.backends.scripted.backend import BATCH
from agents.backends.scripted.essay import ESSAY
from shared_events.events import Usage
from tests.agents.collecting import answer, asking, end_of, text_of


class VirtualTime:
    """A clock that only sleeping moves; each sleep takes `late_s` longer than asked."""

    def __init__(self, late_s: float = 0.0) -> None:
        self.now = 1000.0
        self.late_s = late_s
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds + (self.late_s if seconds else 0.0)
        await asyncio.sleep(0)

    def backend(self) -> Scripted:
        return Scripted(clock=self.clock, sleep=self.sleep)


async def test_it_says_what_it_is() -> None:
    assert Scripted.kind == Scripted.name == "scripted"
    assert "no model" in Scripted.description
    for model in Scripted.models:
        assert end_of(await answer(VirtualTime().backend(), asking("x", model=model)))


async def test_the_essay_is_the_default_and_takes_its_time() -> None:
    at = VirtualTime()
    deltas = await answer(at.backend(), asking("Anything"))
    assert text_of(deltas) == ESSAY
    assert 11 < at.now - 1000 < 17, "seconds"


async def test_the_end_says_how_many_tokens_and_that_it_is_an_estimate() -> None:
    end = end_of(await answer(VirtualTime().backend(), asking("abcdefgh", model="count-10@5")))
    assert end == Finished("stop", Usage(input_tokens=2, output_tokens=10, estimated=True))


async def test_max_tokens_cuts_the_answer() -> None:
    deltas = await answer(VirtualTime().backend(), asking("x", model="count-10@5", max_tokens=3))
    assert text_of(deltas) == "1 2 3"
    assert end_of(deltas).reason == "length"
    whole = await answer(VirtualTime().backend(), asking("x", model="count-3@5", max_tokens=3))
    assert end_of(whole).reason == "stop"


async def test_no_chunk_is_early_and_late_sleeps_do_not_add_up() -> None:
    at = VirtualTime(late_s=0.07)
    stream = at.backend().stream(asking("x", model="count-101@10"))
    for index in range(101):
        await anext(stream)
        assert index / 10 - 1e-6 <= at.now - 1000 <= index / 10 + 0.07 + 1e-6
    await stream.aclose()


async def test_the_first_chunk_comes_at_once() -> None:
    at = VirtualTime()
    stream = at.backend().stream(asking("x", model="count-5@1"))
    await anext(stream)
    assert at.now == 1000.0
    await stream.aclose()


async def test_an_answer_that_is_late_gives_way_once_in_a_batch() -> None:
    at = VirtualTime()
    stream = at.backend().stream(asking("x", model="count-1000@10"))
    await anext(stream)
    at.now += 60
    begun = len(at.slept)
    for _ in range(BATCH * 4):
        await anext(stream)
    assert len(at.slept) - begun == 4
    await stream.aclose()


async def test_a_fast_count_keeps_its_pace_in_real_time() -> None:
    began = time.monotonic()
    deltas = await answer(Scripted(), asking("x", model="count-2500@50000"))
    assert 0.0499 <= time.monotonic() - began < 2
    assert text_of(deltas) == " ".join(map(str, range(1, 2501)))


async def test_others_get_their_turn_beside_the_fastest_count() -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(other())
    await answer(Scripted(), asking("x", model="count-6400@100000"))
    beside.cancel()
    assert turns >= 6400 / BATCH / 2


async def test_a_wrong_model_is_refused() -> None:
    with pytest.raises(BackendRejected, match="no model 'gpt-5'"):
        await answer(Scripted(), asking("x", model="gpt-5"))
