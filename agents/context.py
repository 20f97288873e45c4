"""What an agent works with: its input, and the ways to publish what it makes."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Any, Final, Generic, TypeVar

from agents.backends.protocol import Backend, ChatRequest, Finished, TextDelta
from agents.chat_request import Messages, chat_request
from agents.errors import BackendIncomplete, BackendRejected
from agents.pace import Pace
from agents.sink import EventSink
from agents.surrogates import SurrogateJoiner, well_formed
from agents.usage import added
from shared_events.contract import JobRequest
from shared_events.events import ChunkMetadata, Usage

InputT = TypeVar("InputT")
_NO_METADATA: Final = ChunkMetadata()


class JobContext(Generic[InputT]):
    """One attempt at a job, as its agent sees it. Its owner must call `finish` after the agent.

    `input` is of the agent's input type, `attempt` counts from 1, `usage` adds up what `stream` used.
    `partial` is the text that earlier attempts left; where the job `continues`, `text` begins with it.
    """

    def __init__(  # noqa: PLR0913  the words of the API
        self,
        *,
        request: JobRequest,
        input: InputT,  # noqa: A002  the word of the API
        attempt: int,
        sink: EventSink,
        backends: Mapping[str, Backend],
        partial: str = "",
        continues: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.job_id = request.job_id
        self.input = input
        self.attempt = attempt
        self.partial = partial
        self.usage: Usage | None = None
        self._request = request
        self._sink = sink
        self._backends = backends
        self._pace = Pace(clock)
        self._joiner = SurrogateJoiner()
        # UTF-8: a list of pieces takes 60 bytes more for each. The thread of a plain `def` may read it, too.
        self._said = bytearray(partial.encode() if continues else b"")
        # Parts of an agent that publish side by side: what `text` says is what went out, in that order.
        self._turn = asyncio.Lock()

    @property
    def text(self) -> str:
        """All that was published so far; of earlier attempts too where the job continues."""
        return self._said.decode()

    async def on_chunk(self, text: str, *, step: str | None = None, model: str | None = None) -> None:
        """Publish `text`; nothing happens if it is empty. Raises `TypeError`."""
        if not isinstance(text, str):
            raise TypeError(f"on_chunk takes a str, not {_kind(text)}.")
        await self._publish(text, _label("step", step), _label("model", model))

    async def progress(
        self, percent: float, step: str | None = None, metadata: dict[str, Any] | None = None
    ) -> None:
        """Publish how far the job is, from 0 to 100. Raises `TypeError` and `ValueError`."""
        if isinstance(percent, bool) or not isinstance(percent, int | float):
            raise TypeError(f"progress takes a number from 0 to 100, not {_kind(percent)}.")
        if not 0 <= percent <= 100:
            raise ValueError(f"progress takes a number from 0 to 100, not {percent}.")
        if metadata is not None and not isinstance(metadata, dict):
            raise TypeError(f"progress takes metadata as a dict or None, not {_kind(metadata)}.")
        await self._sink.progress(float(percent), _label("step", step), metadata)

    async def check(self) -> None:
        """For work that publishes nothing for long: ends a cancelled job here, waits while it is paused."""
        # A cancel is delivered only where a task really waits.
        await asyncio.sleep(0)
        await self._sink.gate()

    def stream(
        self,
        messages: Messages,
        *,
        model: str | None = None,
        step: str | None = None,
        max_tokens: int | None = None,
        temperature: float | None = None,
    ) -> AsyncGenerator[str, None]:
        """Ask the job's backend; each piece of its answer is published and then yielded.

        What is not given is taken from the job's request. Raises `ValueError` for what cannot be asked; the
        iteration raises `BackendError`. Nothing is read while the job is paused. Closing the iterator ends
        the request.
        """
        asked = self._request
        request = chat_request(
            messages,
            model=model if model is not None else asked.model,
            max_tokens=max_tokens if max_tokens is not None else asked.max_tokens,
            temperature=temperature if temperature is not None else asked.temperature,
        )
        return self._answer(request, _label("step", step))

    async def finish(self) -> None:
        """Publish what `on_chunk` still holds back: half of a surrogate pair."""
        async with self._turn:
            await self._put(self._joiner.finish(), None, None)

    async def _answer(self, request: ChatRequest, step: str | None) -> AsyncGenerator[str, None]:
        backend = self._backend()
        model = request.model or next(iter(backend.models), None)
        finished = None
        await self._sink.gate()
        async with aclosing(backend.stream(request)) as deltas:
            async for delta in deltas:
                match delta:
                    case TextDelta(text):
                        if piece := await self._publish(text, step, model):
                            yield piece
                        await self._sink.gate()
                    case Finished():
                        finished = delta
        if finished is None:
            raise BackendIncomplete(
                f"The backend {backend.name!r} ended without saying that it had finished."
            )
        self.usage = added(self.usage, finished.usage)

    def _backend(self) -> Backend:
        name = self._request.backend
        if name is None:
            return next(iter(self._backends.values()))
        if name not in self._backends:
            raise BackendRejected(f"There is no backend {name[:60]!r}. Known: {', '.join(self._backends)}.")
        return self._backends[name]

    async def _publish(self, text: str, step: str | None, model: str | None) -> str:
        """What went out: `text`, but for half a surrogate pair at its ends."""
        async with self._turn:
            return await self._put(self._joiner.feed(text), step, model)

    async def _put(self, text: str, step: str | None, model: str | None) -> str:
        if text:
            self._said += text.encode()
            metadata = ChunkMetadata(step=step, model=model, tokens_per_sec=self._pace.tick())
            await self._sink.chunk(text, None if metadata == _NO_METADATA else metadata)
        return text


def _label(name: str, value: str | None) -> str | None:
    if value is not None and not isinstance(value, str):
        raise TypeError(f"{name} must be a str or None, not {_kind(value)}.")
    # A subclass of str could not be encoded.
    return value if value is None else well_formed(str.__str__(value))


def _kind(value: object) -> str:
    return type(value).__name__
