"""Continuation over a real protocol, from a server that streams and from one that answers whole."""

from collections.abc import Iterator
from typing import Any

import pytest

from agents import OpenAIChat
from agents.asking.continuation import GO_ON, Turns, continued
from tests.agents.asking.cut_backends import TEXT
from tests.agents.backends.llm_server import aimock_process
from tests.agents.collecting import asking, end_of, text_of


def turn_of(model: str, prompt: str, number: int, text: str, reason: str) -> dict[str, Any]:
    """An aimock fixture: the answer that `model` gives when it is asked `prompt` for the `number`th time."""
    return {
        "match": {"userMessage": prompt, "model": model, "sequenceIndex": number},
        "response": {"content": text, "finishReason": reason},
        "chunkSize": 7,
    }


MODELS = ("streamed", "whole")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    turns = [
        turns
        for model in MODELS
        for turns in (
            turn_of(model, "Tell me", 0, TEXT[:60], "length"),
            turn_of(model, GO_ON, 0, TEXT[40:130], "length"),
            turn_of(model, GO_ON, 1, TEXT[130:], "stop"),
        )
    ]
    with aimock_process(turns) as base_url:
        yield base_url


@pytest.mark.parametrize("model", MODELS)
async def test_over_a_real_protocol_streamed_or_whole(url: str, model: str) -> None:
    backend = OpenAIChat(url, api_key="sk-test", model=model, streams=model == "streamed")
    news: list[str] = []

    def on_turn(turn: int, delta: str, aggregated: str, reason: str) -> None:
        news.append(f"{turn} {reason} {len(aggregated)}")

    turns = Turns(most=5, tokens=20)
    deltas = [delta async for delta in continued(backend.stream, asking("Tell me"), turns, on_turn)]
    await backend.aclose()
    assert text_of(deltas) == TEXT
    assert end_of(deltas).reason == "stop"
    assert news == ["1 length 60", "2 length 130", f"3 stop {len(TEXT)}"]
