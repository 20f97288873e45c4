"""The scripted backend: deterministic, on time, and it leaves the loop its turns."""

import asyncio
import time

import msgspec
import pytest

from agents import BackendRejected, ChatMessage, ChatRequest, Finished, Scripted
from agents.asking.continuation import Turns, continued
from agents.backends.protocol import Tool
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
    stream = at.backend().stream(asking("x", model="count-1000@1000"))
    await anext(stream)
    at.now += 0.9
    begun = len(at.slept)
    for _ in range(BATCH * 4):
        await anext(stream)
    assert len(at.slept) - begun == 4
    await stream.aclose()


async def test_whoever_did_not_read_for_long_gets_no_rush_of_words() -> None:
    """A job that was paused for five seconds had fifty words at once when it went on."""
    at = VirtualTime()
    stream = at.backend().stream(asking("x", model="count-100@10"))
    await anext(stream)
    at.now += 60
    resumed = at.now
    for index in range(20):
        await anext(stream)
        assert at.now - resumed == pytest.approx(index / 10)
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


@pytest.mark.parametrize(
    ("model", "text"), [("essay", ESSAY), ("count-100@50", " ".join(map(str, range(1, 101))))]
)
@pytest.mark.parametrize("tokens", [1, 7, 40])
async def test_continuation_gives_the_whole_script_with_nothing_doubled(
    model: str, text: str, tokens: int
) -> None:
    backend, told = VirtualTime().backend(), []
    turns = continued(
        backend.stream, asking("x", model=model), Turns(500, tokens), lambda *turn: told.append(turn)
    )
    deltas = [delta async for delta in turns]
    assert text_of(deltas) == text
    assert end_of(deltas).reason == "stop"
    assert len(told) == -(-len(text.split()) // tokens)


@pytest.mark.parametrize("at", [1, 200, len(ESSAY) - 3])
async def test_a_partial_answer_is_gone_on_with(at: int) -> None:
    messages = (ChatMessage("user", "x"), ChatMessage("assistant", ESSAY[:at]))
    assert ESSAY[:at] + text_of(await answer(VirtualTime().backend(), ChatRequest(messages))) == ESSAY


@pytest.mark.parametrize(
    ("prompt", "said", "whole"),
    [
        ("Please continue.", "1 2 3", " 4 5"),
        ("Go on!", "1 2 3 4 5", "1 2 3 4 5"),
        ("Once more", "1 2 3", "1 2 3 4 5"),
        ("Continue", "Something else", "1 2 3 4 5"),
    ],
)
async def test_a_user_may_ask_to_go_on(prompt: str, said: str, whole: str) -> None:
    messages = (ChatMessage("user", "x"), ChatMessage("assistant", said), ChatMessage("user", prompt))
    request = ChatRequest(messages, model="count-5@9")
    assert text_of(await answer(VirtualTime().backend(), request)) == whole


class Note(msgspec.Struct):
    title: str
    explanation: str
    was_changed: bool


async def test_a_schema_gets_json_word_by_word() -> None:
    at = VirtualTime()
    schema = msgspec.json.schema(Note)
    deltas = await answer(at.backend(), asking("x", json_schema=schema))
    note = msgspec.json.decode(text_of(deltas), type=Note)
    assert note == Note("Every word you read here", note.explanation, True)
    assert len(deltas) > 10
    assert 0.1 < at.now - 1000 < 2


async def test_json_that_was_cut_can_be_gone_on_with() -> None:
    request = asking("x", json_schema=msgspec.json.schema(Note))
    text = text_of(await answer(VirtualTime().backend(), request))
    cut = text_of(await answer(VirtualTime().backend(), msgspec.structs.replace(request, max_tokens=9)))
    partial = msgspec.structs.replace(request, messages=(*request.messages, ChatMessage("assistant", cut)))
    assert cut + text_of(await answer(VirtualTime().backend(), partial)) == text


async def test_offered_tools_are_left_alone() -> None:
    request = asking("x", model="count-3@9", tools=(Tool("look", "Looks.", {"type": "object"}),))
    assert text_of(await answer(VirtualTime().backend(), request)) == "1 2 3"
