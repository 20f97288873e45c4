"""The progress of a document: at each step, and again and again while words come."""

import asyncio
from functools import partial

import pytest

from agents.built_in.document.telling import Telling
from tests.agents.collecting import CollectingSink, context
from tests.waiting import eventually


def has_told_more(sink: CollectingSink, than: int) -> bool:
    return len(sink.progressed) > than


async def test_it_says_how_things_stand_in_the_words_of_the_wire() -> None:
    job = context(sink := CollectingSink())
    await job.on_chunk("Four letters")
    await Telling(job, total=4, completed=1).tell("writing", "streaming", "Water")
    state = {
        "sectionsCompleted": 1,
        "sectionsTotal": 4,
        "tokensGenerated": 3,
        "currentSection": "Water",
        "streamStatus": "streaming",
    }
    assert sink.progressed == [(25.0, "writing", state)]


async def test_nothing_is_said_twice() -> None:
    telling = Telling(context(sink := CollectingSink()), total=0)
    for _ in range(3):
        await telling.tell("outline", "idle")
    assert [percent for percent, _, _ in sink.progressed] == [0.0]


async def test_while_a_section_is_written_its_tokens_are_told_again_and_again() -> None:
    job = context(sink := CollectingSink())
    telling = Telling(job, total=2)
    async with telling.streaming("Water", every_s=0.01):
        for word in ("Water ", "is hot."):
            so_far = len(sink.progressed)
            await job.on_chunk(word)
            await eventually(partial(has_told_more, sink, so_far))
    assert [(percent, (told or {})["streamStatus"]) for percent, _, told in sink.progressed] == [
        (0.0, "streaming"),
        (0.0, "streaming"),
        (0.0, "streaming"),
        (50.0, "idle"),
    ]
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "document progress"]


async def test_a_section_that_fails_is_not_counted_and_leaves_no_task() -> None:
    telling = Telling(context(sink := CollectingSink()), total=2)
    with pytest.raises(RuntimeError, match="it broke"):
        async with telling.streaming("Water"):
            raise RuntimeError("it broke")
    assert (telling.completed, len(sink.progressed)) == (0, 1)
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "document progress"]
