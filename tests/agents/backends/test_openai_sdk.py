"""The official SDK as an oracle: the same fixture through it and through ours gives the same."""

from collections.abc import Iterator

import msgspec
import pytest
from openai import APIConnectionError, APIStatusError, AsyncOpenAI

from agents import BackendError, OpenAIChat
from agents.built_in.chat import ChatInput, chat
from agents.surrogates import well_formed
from tests.agents.backends.llm_server import aimock_process, refuses, says
from tests.agents.collecting import CollectingSink, answer, asking, context, end_of, text_of

TEXTS = {
    "plain": "Hello! How can I help you today?",
    "unicode": "Grüße, 水, 👩‍🚀🌱 — naïve façade\n\n```python\nprint('ü')\n```\u2028end\u0085.",
    "json-like": 'data: [DONE]\n\n{"error": {"message": "not an error"}}\n\nevent: error',
    "long": "The quick brown fox jumps over the lazy dog 🦊. " * 100,
}


class Read(msgspec.Struct):
    """What a client read: pieces, end and counts."""

    text: str
    reason: str | None
    input_tokens: int | None
    output_tokens: int | None


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    answers = [
        says(f"{name} in {size}", text, chunkSize=size)
        for name, text in TEXTS.items()
        for size in (1, 2, 3, 20)
    ]
    cut = {
        "match": {"userMessage": "at length"},
        "response": {"content": "One two", "finishReason": "length"},
    }
    broken = says("broken off", "word " * 50, chunkSize=5, latency=2, truncateAfterChunks=8)
    refused = refuses("too many", 429, "Slow down", type="rate_limit_error", code="rate_limit_exceeded")
    with aimock_process([*answers, cut, broken, refused]) as base_url:
        yield base_url


async def read_by_sdk(url: str, prompt: str) -> Read:
    read = Read("", None, None, None)
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
                read.reason = choice.finish_reason or read.reason
            if chunk.usage:
                read.input_tokens, read.output_tokens = (
                    chunk.usage.prompt_tokens,
                    chunk.usage.completion_tokens,
                )
    return read


async def read_by_us(url: str, prompt: str) -> Read:
    backend = OpenAIChat(url, api_key="sk-test", model="m")
    deltas = await answer(backend, asking(prompt))
    await backend.aclose()
    end = end_of(deltas)
    assert end.usage is not None
    return Read(text_of(deltas), end.reason, end.usage.input_tokens, end.usage.output_tokens)


@pytest.mark.parametrize("size", [1, 2, 3, 20])
@pytest.mark.parametrize("name", TEXTS)
async def test_text_usage_and_reason_are_those_of_the_sdk(url: str, name: str, size: int) -> None:
    prompt = f"{name} in {size}"
    ours, theirs = await read_by_us(url, prompt), await read_by_sdk(url, prompt)
    assert ours == theirs
    assert well_formed(ours.text) == TEXTS[name]


async def test_an_answer_cut_at_its_length_says_so_as_the_sdk_does(url: str) -> None:
    ours, theirs = await read_by_us(url, "at length"), await read_by_sdk(url, "at length")
    assert ours == theirs
    assert ours.reason == "length"


async def test_where_the_sdk_fails_we_fail(url: str) -> None:
    with pytest.raises(APIStatusError) as theirs:
        await read_by_sdk(url, "too many")
    with pytest.raises(BackendError, match="429 Too Many Requests: Slow down") as ours:
        await read_by_us(url, "too many")
    assert theirs.value.status_code == 429
    assert (ours.value.code, ours.value.retry_after_s) == ("backend_rate_limited", 1.0)


async def test_an_answer_that_breaks_off_is_incomplete(url: str) -> None:
    with pytest.raises(APIConnectionError):
        await read_by_sdk(url, "broken off")
    with pytest.raises(BackendError) as ours:
        await read_by_us(url, "broken off")
    assert ours.value.code == "backend_incomplete"


@pytest.mark.parametrize("size", [1, 20])
async def test_the_chat_agent_publishes_what_the_fixture_says(url: str, size: int) -> None:
    backend = OpenAIChat(url, api_key="sk-test", model="m")
    job = context(sink := CollectingSink(), backend, given=ChatInput(prompt=f"unicode in {size}"))
    await chat(job)
    await job.finish()
    await backend.aclose()
    assert job.text == "".join(sink.chunks) == TEXTS["unicode"]
    for published in sink.chunks:
        published.encode()  # raises if half a surrogate pair was published
