"""Runs agents and contexts in tests: a sink that keeps what it gets, and short ways to make things."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping
from typing import Any

from agents import Backend, ChatMessage, ChatRequest, Delta, Finished, JobContext, TextDelta
from shared_events.contract import JobRequest
from shared_events.events import ChunkMetadata


class CollectingSink:
    """Keeps the chunks, their metadata and the progress that an agent publishes."""

    def __init__(self) -> None:
        self.chunks: list[str] = []
        self.metadata: list[ChunkMetadata | None] = []
        self.kept: list[str] = []
        self.progressed: list[tuple[float, str | None, dict[str, Any] | None]] = []

    async def chunk(self, text: str, metadata: ChunkMetadata | None) -> None:
        self.chunks.append(text)
        self.metadata.append(metadata)

    async def rewind(self, kept: str) -> None:
        self.kept.append(kept)

    async def progress(self, percent: float, step: str | None, metadata: dict[str, Any] | None) -> None:
        self.progressed.append((percent, step, metadata))

    async def gate(self) -> None:
        """Never closed."""


class PausableSink(CollectingSink):
    """`held` counts who waits at its gate."""

    def __init__(self) -> None:
        super().__init__()
        self.held = 0
        self._open = asyncio.Event()
        self._open.set()

    def pause(self) -> None:
        self._open.clear()

    def resume(self) -> None:
        self._open.set()

    async def gate(self) -> None:
        self.held += 1
        try:
            await self._open.wait()
        finally:
            self.held -= 1


class Reciting:
    """A backend that gives these deltas, and notes what it was asked."""

    name = kind = "reciting"
    description = "Gives the same deltas to everybody."

    def __init__(self, *deltas: Delta, models: tuple[str, ...] = ("m",)) -> None:
        self.models = models
        self.asked: list[ChatRequest] = []
        self.closed = 0
        self._deltas = deltas

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        self.asked.append(request)
        try:
            for delta in self._deltas:
                yield delta
        finally:
            self.closed += 1

    async def aclose(self) -> None:
        pass


class Counting:
    """A backend that counts to `length`, and then hangs if it `hangs`. It notes how far who read it."""

    name = kind = "counting"
    description = "Counts."
    models = ("m",)

    def __init__(self, length: int, *, hangs: bool = False) -> None:
        self.read = 0
        self.closed = 0
        self.readers: set[asyncio.Task[Any] | None] = set()
        self._length = length
        self._hangs = hangs

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        try:
            for number in range(1, self._length + 1):
                self.read += 1
                self.readers.add(asyncio.current_task())
                yield TextDelta(str(number))
            if self._hangs:
                self.read += 1
                await asyncio.Event().wait()
            yield Finished("stop")
        finally:
            self.closed += 1

    async def aclose(self) -> None:
        pass


def context(
    sink: CollectingSink,
    *backends: Backend,
    given: Any = None,
    partial: str = "",
    continues: bool = False,
    **request: Any,
) -> JobContext[Any]:
    """A context of a first attempt; `given` is its input, `request` are fields of the `JobRequest`."""
    return JobContext(
        request=JobRequest(job_id="j" * 20, agent="test", input=given, owner="dev", **request),
        input=given,
        attempt=1,
        sink=sink,
        backends=named(backends),
        partial=partial,
        continues=continues,
    )


def named(backends: Iterable[Backend]) -> Mapping[str, Backend]:
    return {backend.name: backend for backend in backends}


def asking(prompt: str, **options: Any) -> ChatRequest:
    return ChatRequest((ChatMessage("user", prompt),), **options)


def text_of(deltas: Iterable[Delta]) -> str:
    return "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))


def end_of(deltas: list[Delta]) -> Finished:
    """The last delta, which must be the one that says that the answer is complete."""
    last = deltas[-1]
    assert isinstance(last, Finished)
    assert not any(isinstance(delta, Finished) for delta in deltas[:-1])
    return last


async def answer(backend: Backend, request: ChatRequest) -> list[Delta]:
    """All deltas of an answer."""
    return [delta async for delta in backend.stream(request)]
