"""A backend that says what a test tells it to, and notes what it was asked."""

from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from typing import TypeAlias

from agents.backends.paced import pieces
from agents.backends.protocol import (
    ChatRequest,
    Delta,
    Finished,
    ReasoningDelta,
    TextDelta,
    ToolCall,
    ToolCallDelta,
)
from agents.backends.tally import Tally

Item: TypeAlias = str | ToolCall | Delta | Exception
Answer: TypeAlias = Item | Sequence[Item]
"""A text, which comes word by word; a `ToolCall`; an error, which is raised; or several of them, one after
another, whose texts come as they are. Without a `Finished` at its end it ends as an answer would."""


class Recited:
    """Gives its `answers` in turn; or what one function says to each `ChatRequest`. `asked` notes those."""

    kind = "recited"
    description = "Says what a test tells it to."

    def __init__(
        self,
        *answers: Answer | Callable[[ChatRequest], Answer],
        name: str = "recited",
        model: str = "recited",
    ) -> None:
        self.name = name
        self.models: Sequence[str] = (model,)
        self.asked: list[ChatRequest] = []
        self._answers = answers

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        """See `Backend`. Raises `AssertionError` when there is no answer left."""
        self.asked.append(request)
        tally = Tally(request)
        for delta in deltas_of(self._next(request)):
            yield tally.take(delta)

    async def aclose(self) -> None:
        """There is nothing to release."""

    def _next(self, request: ChatRequest) -> Answer:
        if len(self._answers) == 1 and callable(said := self._answers[0]):
            return said(request)
        if len(self.asked) > len(self._answers):
            raise AssertionError(
                f"The agent asked a model {_times(len(self.asked))}, but the test has "
                f"{len(self._answers) or 'no'} answer{'' if len(self._answers) == 1 else 's'} for it."
            )
        said = self._answers[len(self.asked) - 1]
        return said(request) if callable(said) else said


def deltas_of(answer: Answer) -> Iterator[Delta]:
    """`answer` as a backend streams it. Raises what is raised in it."""
    items = (
        pieces(answer) if isinstance(answer, str) else answer if isinstance(answer, Sequence) else (answer,)
    )
    calls = 0
    for item in items:
        if isinstance(item, Exception):
            raise item
        yield _delta(item, calls)
        if isinstance(item, Finished):
            return
        calls += isinstance(item, ToolCall)
    yield Finished("tool_calls" if calls else "stop")


def _delta(item: str | ToolCall | Delta, index: int) -> Delta:
    match item:
        case str():
            return TextDelta(item)
        case ToolCall(id_, name, arguments):
            return ToolCallDelta(index, id_, name, arguments)
        case TextDelta() | ReasoningDelta() | ToolCallDelta() | Finished():
            return item
    raise TypeError(
        f"An answer is made of texts, ToolCalls, deltas and errors, not of {type(item).__name__}."
    )


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
