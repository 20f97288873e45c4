"""The peer: each provider's official SDK, asked for its plain stream of events."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from bench.orders import Provider
from bench.reading.reading import KEY, MODEL, MOST_TOKENS, Answer, Ask


def by_sdk(provider: Provider, origin: str) -> AbstractAsyncContextManager[Ask]:
    match provider:
        case Provider.OPENAI_CHAT:
            return _openai_chat(origin)
        case Provider.OPENAI_RESPONSES:
            return _openai_responses(origin)
        case Provider.ANTHROPIC:
            return _anthropic(origin)
        case Provider.OLLAMA:
            return _ollama(origin)


# Each SDK is loaded where it is used: the memory of a run is that of one.
# ruff: noqa: PLC0415


@asynccontextmanager
async def _openai_chat(origin: str) -> AsyncIterator[Ask]:
    from openai import AsyncOpenAI

    async with AsyncOpenAI(base_url=f"{origin}/v1", api_key=KEY, max_retries=0) as client:

        async def ask(prompt: str) -> Answer:
            pieces, reason, usage = [], None, None
            stream = await client.chat.completions.create(
                model=MODEL,
                messages=[{"role": "user", "content": prompt}],
                stream=True,
                stream_options={"include_usage": True},
            )
            async for chunk in stream:
                for choice in chunk.choices:
                    pieces.append(choice.delta.content or "")
                    reason = choice.finish_reason or reason
                usage = chunk.usage or usage
            assert usage is not None
            return Answer("".join(pieces), reason, usage.prompt_tokens, usage.completion_tokens)

        yield ask


@asynccontextmanager
async def _openai_responses(origin: str) -> AsyncIterator[Ask]:
    from openai import AsyncOpenAI

    async with AsyncOpenAI(base_url=f"{origin}/v1", api_key=KEY, max_retries=0) as client:

        async def ask(prompt: str) -> Answer:
            pieces, response = [], None
            async for event in await client.responses.create(model=MODEL, input=prompt, stream=True):
                if event.type == "response.output_text.delta":
                    pieces.append(event.delta)
                elif event.type == "response.completed":
                    response = event.response
            assert response is not None
            assert response.usage is not None
            reason = "stop" if response.status == "completed" else None
            usage = response.usage
            return Answer("".join(pieces), reason, usage.input_tokens, usage.output_tokens)

        yield ask


@asynccontextmanager
async def _anthropic(origin: str) -> AsyncIterator[Ask]:
    from anthropic import AsyncAnthropic

    async with AsyncAnthropic(base_url=origin, api_key=KEY, max_retries=0) as client:

        async def ask(prompt: str) -> Answer:
            pieces, reason, asked, said = [], None, None, None
            stream = await client.messages.create(
                model=MODEL,
                max_tokens=MOST_TOKENS,
                messages=[{"role": "user", "content": prompt}],
                stream=True,
            )
            async for event in stream:
                if event.type == "content_block_delta" and event.delta.type == "text_delta":
                    pieces.append(event.delta.text)
                elif event.type == "message_start":
                    asked = event.message.usage.input_tokens
                elif event.type == "message_delta":
                    reason, said = event.delta.stop_reason, event.usage.output_tokens
            return Answer("".join(pieces), "stop" if reason == "end_turn" else reason, asked, said)

        yield ask


@asynccontextmanager
async def _ollama(origin: str) -> AsyncIterator[Ask]:
    from ollama import AsyncClient

    async with AsyncClient(host=origin) as client:

        async def ask(prompt: str) -> Answer:
            pieces, end = [], None
            messages = [{"role": "user", "content": prompt}]
            async for part in await client.chat(model=MODEL, messages=messages, stream=True):
                pieces.append(part.message.content or "")
                end = part
            assert end is not None
            return Answer("".join(pieces), end.done_reason, end.prompt_eval_count, end.eval_count)

        yield ask
