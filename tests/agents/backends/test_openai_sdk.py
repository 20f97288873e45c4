"""OpenAI's SDK as an oracle for chat completions: the same fixture through it and ours gives the same."""

from collections.abc import Iterator

import pytest
from openai import APIConnectionError, APIError, APIStatusError, AsyncOpenAI

from agents import BackendError, OpenAIChat
from agents.backends.protocol import Finished, ToolCall
from agents.built_in.chat import ChatInput, chat
from agents.surrogates import well_formed
from shared_events.events import Usage
from tests.agents.backends import chat_bytes as said
from tests.agents.backends.dialects.reading_cases import Outcome
from tests.agents.backends.llm_server import aimock_process, byte_server
from tests.agents.backends.oracles import (
    FIXTURES,
    PROMPTS,
    REFUSALS,
    TEXTS,
    Refusal,
    expected,
    read_by_us,
    same_calls,
    two_hundred_at_once_do_not_mix,
)
from tests.agents.collecting import CollectingSink, context


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with aimock_process(FIXTURES) as base_url:
        yield base_url


def ours(url: str) -> OpenAIChat:
    return OpenAIChat(url, api_key="sk-test", model="m")


async def read_by_sdk(url: str, prompt: str = "x") -> Outcome:
    """Its pieces as they come, and its end. Raises `APIError` where the answer failed."""
    read, reason, usage = Outcome("", ("", "no end")), "", Usage()
    calls: dict[int, ToolCall] = {}
    async with AsyncOpenAI(base_url=url, api_key="sk-test", max_retries=0) as client:
        stream = await client.chat.completions.create(
            model="m",
            messages=[{"role": "user", "content": prompt}],
            stream=True,
            stream_options={"include_usage": True},
        )
        async for chunk in stream:
            for choice in chunk.choices:
                read.text += choice.delta.content or ""
                # No field of OpenAI's own: the SDK keeps it as one that it does not know.
                read.reasoning += getattr(choice.delta, "reasoning_content", None) or ""
                for piece in choice.delta.tool_calls or ():
                    known = calls.get(piece.index, ToolCall("", "", ""))
                    named = piece.function.name if piece.function else None
                    argued = piece.function.arguments if piece.function else None
                    calls[piece.index] = ToolCall(
                        piece.id or known.id, named or known.name, known.arguments + (argued or "")
                    )
                reason = choice.finish_reason or reason
            if chunk.usage:
                usage = Usage(
                    input_tokens=chunk.usage.prompt_tokens, output_tokens=chunk.usage.completion_tokens
                )
    read.end = Finished(reason, usage)
    read.calls = tuple(same_calls(calls[index] for index in sorted(calls)))
    return read


@pytest.mark.parametrize("prompt", PROMPTS)
async def test_texts_are_those_of_the_sdk(url: str, prompt: str) -> None:
    us, them = await read_by_us(ours(url), prompt), await read_by_sdk(url, prompt)
    assert us == them
    assert well_formed(us.text) == expected(prompt)


@pytest.mark.parametrize("prompt", ["think first", "call tools", "say and call", "at length"])
async def test_thoughts_tool_calls_and_ends_are_those_of_the_sdk(url: str, prompt: str) -> None:
    us = await read_by_us(ours(url), prompt)
    assert us == await read_by_sdk(url, prompt)
    assert isinstance(us.end, Finished)
    assert us.reasoning or us.calls or us.end.reason == "length"


@pytest.mark.parametrize("prompt", ["think first", "call tools", "say and call", "at length"])
async def test_a_whole_answer_is_the_same_as_a_stream(url: str, prompt: str) -> None:
    whole = OpenAIChat(url, model="m", streams=False)
    assert await read_by_us(whole, prompt) == await read_by_sdk(url, prompt)


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.prompt)
async def test_where_the_sdk_is_refused_we_are(url: str, refusal: Refusal) -> None:
    with pytest.raises(APIStatusError, match=refusal.words) as theirs:
        await read_by_sdk(url, refusal.prompt)
    with pytest.raises(BackendError, match=refusal.words) as us:
        await read_by_us(ours(url), refusal.prompt)
    assert theirs.value.status_code == refusal.status
    assert (us.value.code, us.value.retryable) == (refusal.code, refusal.retryable)


async def test_an_error_inside_an_answer_is_one_to_both() -> None:
    error = said.event({"error": {"code": "rate_limit_exceeded", "message": "Not now."}})
    async with byte_server(chunks=[said.chunk("a"), error]) as base_url:
        with pytest.raises(APIError, match="Not now"):
            await read_by_sdk(base_url)
        with pytest.raises(BackendError, match="Not now") as us:
            await read_by_us(ours(base_url), "x")
    assert us.value.code == "backend_rate_limited"


@pytest.mark.parametrize("prompt", ["broken off", "cut by the clock"])
async def test_an_answer_that_breaks_off_is_incomplete(url: str, prompt: str) -> None:
    with pytest.raises(APIConnectionError):
        await read_by_sdk(url, prompt)
    with pytest.raises(BackendError) as us:
        await read_by_us(ours(url), prompt)
    assert us.value.code == "backend_incomplete"


async def test_two_hundred_answers_at_once_do_not_mix(url: str) -> None:
    await two_hundred_at_once_do_not_mix(ours(url))


@pytest.mark.parametrize("size", [1, 20])
async def test_the_chat_agent_publishes_what_the_fixture_says(url: str, size: int) -> None:
    backend = ours(url)
    job = context(sink := CollectingSink(), backend, given=ChatInput(prompt=f"unicode in {size}"))
    await chat(job)
    await job.finish()
    await backend.aclose()
    assert job.text == "".join(sink.chunks) == TEXTS["unicode"]
    for published in sink.chunks:
        published.encode()  # raises if half a surrogate pair was published
