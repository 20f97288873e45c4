"""Backends whose answers are cut, for tests of continuation."""

import re
from collections.abc import AsyncGenerator, Sequence

from agents import ChatRequest
from agents.backends.protocol import Delta, Finished, TextDelta
from shared_events.events import Usage

FOX = "The quick brown fox jumps over the lazy dog, and then it runs away into the deep and silent woods. "
TEXT = FOX + "Nobody has seen it since, though some have heard a rustling: 水火山 🌱, naïve façade."


class Forgetful:
    """Says `text`, a token for a word. Asked to go on, it begins `back` characters before the cut."""

    def __init__(self, text: str = TEXT, *, back: int = 0, counts: bool = True) -> None:
        self.asked: list[ChatRequest] = []
        self.open = 0
        self._text = text
        self._back = back
        self._counts = counts

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        self.asked.append(request)
        self.open += 1
        try:
            said = "".join(message.content for message in request.messages if message.role == "assistant")
            words = re.findall(r"\s*\S+\Z|\s*\S+(?=\s)|\S+", self._text[max(0, len(said) - self._back) :])
            given = words[: request.max_tokens]
            for word in given:
                yield TextDelta(word)
            usage = Usage(input_tokens=10, output_tokens=len(given)) if self._counts else None
            yield Finished("stop" if given == words else "length", usage)
        finally:
            self.open -= 1


class Playing:
    """Gives one list of deltas after another; an exception among them is raised."""

    def __init__(self, *turns: Sequence[Delta | Exception]) -> None:
        self.asked: list[ChatRequest] = []
        self._turns = turns

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        self.asked.append(request)
        for delta in self._turns[len(self.asked) - 1]:
            if isinstance(delta, Exception):
                raise delta
            yield delta
