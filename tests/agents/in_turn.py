"""A model that was told what to say to each question, in their order."""

from collections.abc import AsyncGenerator
from typing import Final

from agents import ChatRequest, Delta, Finished, ReasoningDelta, TextDelta
from agents.errors import BackendError
from shared_events.events import Usage

PIECE: Final = 3
"""Characters of a delta: fields, escapes and words are all cut."""


class Says:
    """One answer: a `thought`, the `text` piece by piece, then its end, or the error it `breaks` with."""

    def __init__(
        self, text: str, *, breaks: BackendError | None = None, reason: str = "stop", thought: str = ""
    ) -> None:
        self.text = text
        self.breaks = breaks
        self.reason = reason
        self.thought = thought


class InTurn:
    """A backend that gives these answers, one a request, and notes what it was asked."""

    name = kind = "in-turn"
    description = "Gives one answer after the other."
    models = ("m",)

    def __init__(self, *answers: str | Says) -> None:
        self.asked: list[ChatRequest] = []
        self._answers = [Says(one) if isinstance(one, str) else one for one in answers]

    @property
    def prompts(self) -> list[str]:
        """The last message of each request."""
        return [request.messages[-1].content for request in self.asked]

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        self.asked.append(request)
        assert self._answers, f"nobody expected to be asked: {request.messages[-1].content}"
        answer = self._answers.pop(0)
        if answer.thought:
            yield ReasoningDelta(answer.thought)
        for at in range(0, len(answer.text), PIECE):
            yield TextDelta(answer.text[at : at + PIECE])
        if answer.breaks is not None:
            raise answer.breaks
        yield Finished(answer.reason, Usage(input_tokens=1, output_tokens=1))

    async def aclose(self) -> None:
        pass
