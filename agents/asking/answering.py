"""One question of an agent, from the choice of a backend to the last delta, turn after turn."""

import inspect
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing

import msgspec

from agents.asking.continuation import continued
from agents.asking.fallback import Choice
from agents.asking.question import Question
from agents.asking.reply import Reply, ReplyBuilder
from agents.backends.protocol import Backend, Delta, ReasoningDelta
from agents.errors import BackendIncomplete
from agents.sink import EventSink
from shared_events.contract import JobRequest


class Answering:
    """Asks `question`: iterate over `deltas` once, and close them; then `reply` has the whole."""

    def __init__(
        self,
        question: Question,
        *,
        request: JobRequest,
        backends: Mapping[str, Backend],
        preferred: Sequence[str],
    ) -> None:
        self._question = _completed(question, request)
        self._chosen = question.backend if question.backend is not None else request.backend
        self._backends = backends
        self._preferred = preferred
        self._choice: Choice | None = None
        self._built = ReplyBuilder()
        self.step = question.step

    @property
    def model(self) -> str | None:
        """The one that answers."""
        return self._choice.model if self._choice is not None else None

    @property
    def reply(self) -> Reply:
        assert self._choice is not None
        return self._built.reply(backend=self._choice.backend, model=self._choice.model)

    async def deltas(self, sink: EventSink) -> AsyncGenerator[Delta, None]:
        """The answer. Nothing is read while the `sink` is closed. Raises `BackendError`."""
        await sink.gate()
        asked = self._question
        choice = Choice.of(self._backends, chosen=self._chosen, preferred=self._preferred)
        self._choice = choice
        async with aclosing(continued(choice.ask, asked.request, asked.turns, asked.on_turn)) as deltas:
            async for delta in deltas:
                self._built.take(delta)
                if isinstance(delta, ReasoningDelta):
                    await self._tell(delta.text)
                yield delta
                await sink.gate()
        if self._built.finished is None:
            raise BackendIncomplete(
                f"The backend {choice.backend!r} ended without saying that it had finished."
            )

    async def _tell(self, thought: str) -> None:
        if self._question.on_reasoning is not None:
            told = self._question.on_reasoning(thought)
            if inspect.isawaitable(told):
                await told


def _completed(question: Question, given: JobRequest) -> Question:
    """What the question leaves open, the job's request may say."""
    asked = question.request
    request = msgspec.structs.replace(
        asked,
        model=asked.model if asked.model is not None else given.model,
        max_tokens=asked.max_tokens if asked.max_tokens is not None else given.max_tokens,
        temperature=asked.temperature if asked.temperature is not None else given.temperature,
    )
    return msgspec.structs.replace(question, request=request)
