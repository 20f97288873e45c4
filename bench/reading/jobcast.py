"""The reader under test: a backend of ours, bare and below a `JobContext`."""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

from agents.backends.protocol import Backend, ChatMessage, ChatRequest, Finished, TextDelta
from agents.backends.providers import AnthropicMessages, Ollama, OpenAIChat, OpenAIResponses
from agents.context import JobContext
from bench.orders import Provider
from bench.reading.reading import KEY, MODEL, Answer, Ask
from shared_events.contract import JobRequest
from shared_events.events import ChunkMetadata, Usage


class NullSink:
    """Takes everything, keeps nothing."""

    async def chunk(self, text: str, metadata: ChunkMetadata | None) -> None: ...
    async def rewind(self, kept: str) -> None: ...
    async def progress(self, percent: float, step: str | None, metadata: dict[str, Any] | None) -> None: ...
    async def gate(self) -> None: ...


@asynccontextmanager
async def by_backend(provider: Provider, origin: str) -> AsyncIterator[Ask]:
    """Through the port `Backend` alone."""
    backend = backend_of(provider, origin)

    async def ask(prompt: str) -> Answer:
        pieces, end = [], None
        async with aclosing(backend.stream(ChatRequest((ChatMessage("user", prompt),)))) as deltas:
            async for delta in deltas:
                if isinstance(delta, TextDelta):
                    pieces.append(delta.text)
                elif isinstance(delta, Finished):
                    end = delta
        assert end is not None
        return _answer("".join(pieces), end.reason, end.usage)

    yield ask
    await backend.aclose()


@asynccontextmanager
async def by_context(provider: Provider, origin: str) -> AsyncIterator[Ask]:
    """As an agent does: each piece is published as well, into nothing."""
    backend = backend_of(provider, origin)

    async def ask(prompt: str) -> Answer:
        job = _job(backend)
        reply = await job.ask(prompt, publish=True)
        await job.finish()
        return _answer(job.text, reply.finish_reason, reply.usage)

    yield ask
    await backend.aclose()


def backend_of(provider: Provider, origin: str) -> Backend:
    match provider:
        case Provider.OPENAI_CHAT:
            return OpenAIChat(f"{origin}/v1", model=MODEL, api_key=KEY)
        case Provider.OPENAI_RESPONSES:
            return OpenAIResponses(f"{origin}/v1", model=MODEL, api_key=KEY)
        case Provider.ANTHROPIC:
            return AnthropicMessages(f"{origin}/v1", model=MODEL, api_key=KEY)
        case Provider.OLLAMA:
            return Ollama(origin, model=MODEL)


def _job(backend: Backend) -> JobContext[None]:
    request = JobRequest(job_id="j" * 20, agent="bench", input=None, owner="bench")
    return JobContext(
        request=request, input=None, attempt=1, sink=NullSink(), backends={backend.name: backend}
    )


def _answer(text: str, reason: str, usage: Usage | None) -> Answer:
    assert usage is not None
    return Answer(text, reason, usage.input_tokens, usage.output_tokens)
