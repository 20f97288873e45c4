"""The paced server is understood by our own backend, and its account of what it said is true."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.backends.protocol import ChatMessage, ChatRequest, Finished, TextDelta
from agents.backends.providers import OpenAIChat
from bench.cores import Cores
from bench.paced import Paced, paced_server
from bench.paced_text import WORDS, text_of, word
from bench.processes import Processes
from tests.waiting import eventually


@pytest.fixture(params=[200.0, None], ids=["paced", "unpaced"])
def paced(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Paced]:
    with paced_server(Processes(tmp_path, Cores()), request.param) as server:
        yield server


async def answer(backend: OpenAIChat, stream: int) -> tuple[str, Finished]:
    request = ChatRequest((ChatMessage("user", f"stream {stream}"),))
    deltas = [delta async for delta in backend.stream(request)]
    assert isinstance(deltas[-1], Finished)
    return "".join(delta.text for delta in deltas if isinstance(delta, TextDelta)), deltas[-1]


async def test_every_stream_gets_its_own_text_to_the_last_token(paced: Paced) -> None:
    backend = OpenAIChat(paced.base_url, model="any")
    answers = [asyncio.create_task(answer(backend, number)) for number in (3, 4)]
    await eventually(lambda: paced.standing().live == 2 and paced.standing().sent > 20)
    await asyncio.to_thread(paced.finish)
    said = {}
    for number, task in zip((3, 4), answers, strict=True):
        text, finished = await task
        assert finished.usage is not None
        said[number] = finished.usage.output_tokens
        assert text == text_of(number, said[number] or 0)
    assert paced.said() == said
    assert min(count or 0 for count in said.values()) > 0
    await backend.aclose()


async def test_a_client_that_leaves_is_a_broken_stream(paced: Paced) -> None:
    backend = OpenAIChat(paced.base_url, model="any")
    leaving = asyncio.create_task(answer(backend, 1))
    await eventually(lambda: paced.standing().live == 1)
    leaving.cancel()
    await eventually(lambda: paced.standing().broken == 1)
    assert paced.standing().live == 0
    await backend.aclose()


async def test_after_the_finish_an_answer_is_empty(paced: Paced) -> None:
    backend = OpenAIChat(paced.base_url, model="any")
    await asyncio.to_thread(paced.finish)
    text, _ = await answer(backend, 5)
    assert text == ""
    await backend.aclose()


def test_no_word_of_the_row_comes_twice() -> None:
    assert len({word(place) for place in range(WORDS)}) == WORDS
    assert word(WORDS) == word(0)
