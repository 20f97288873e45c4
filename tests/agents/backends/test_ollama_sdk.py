"""Ollama's official SDK as an oracle: the same fixture through it and through ours gives the same."""

import asyncio
from collections.abc import Iterator

import msgspec
import ollama
import pytest

from agents import BackendError
from agents.backends.protocol import Tool, ToolCall, ToolCallDelta
from agents.backends.providers import Ollama
from agents.surrogates import well_formed
from tests.agents.backends.dialects.reading_cases import told
from tests.agents.backends.llm_server import aimock_process, refuses, says
from tests.agents.collecting import answer, asking, end_of, text_of

TEXTS = {
    "plain": "Hello! How can I help you today?",
    "unicode": "Grüße, 水, 👩‍🚀🌱 — naïve façade\n\n```python\nprint('ü')\n``` end.",
    "json-like": '{"done": true}\n{"error": "not an error"}\n',
    "long": "The quick brown fox jumps over the lazy dog 🦊. " * 100,
}
CALLS = {"match": {"userMessage": "calls"}, "response": {"toolCalls": [
    {"name": "rain", "arguments": '{"city": "Köln 🌱", "days": 2}'}, {"name": "sun", "arguments": "{}"},
]}}  # fmt: skip


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
    separators = says("separators", "one\u2028two\u0085three")
    broken = says("broken off", "word " * 50, chunkSize=5, latency=2, truncateAfterChunks=8)
    gone = says("gone", "word " * 50, chunkSize=5, latency=5, disconnectAfterMs=40)
    refusals = [
        refuses("too many", 429, "Slow down", type="rate_limit_error"),
        refuses("overloaded", 529, "Overloaded", type="overloaded_error"),
        refuses("no model", 404, "model 'm' not found"),
    ]
    with aimock_process([*answers, separators, CALLS, broken, gone, *refusals]) as base_url:
        yield base_url.removesuffix("/v1")


async def read_by_sdk(url: str, prompt: str) -> Read:
    read = Read("", None, None, None)
    client = ollama.AsyncClient(url)
    messages = [{"role": "user", "content": prompt}]
    async for part in await client.chat(model="m", messages=messages, stream=True):
        read.text += part.message.content or ""
        if part.done:
            read.reason, read.input_tokens, read.output_tokens = (
                part.done_reason,
                part.prompt_eval_count,
                part.eval_count,
            )
    return read


async def read_by_us(url: str, prompt: str, *, streams: bool = True) -> Read:
    backend = Ollama(url, model="m", streams=streams)
    try:
        deltas = await answer(backend, asking(prompt))
    finally:
        await backend.aclose()
    end = end_of(deltas)
    assert end.usage is not None
    return Read(text_of(deltas), end.reason, end.usage.input_tokens, end.usage.output_tokens)


@pytest.mark.parametrize("size", [1, 2, 3, 20])
@pytest.mark.parametrize("name", TEXTS)
async def test_text_counts_and_reason_are_those_of_the_sdk(url: str, name: str, size: int) -> None:
    prompt = f"{name} in {size}"
    ours, theirs = await read_by_us(url, prompt), await read_by_sdk(url, prompt)
    assert ours == theirs
    assert well_formed(ours.text) == TEXTS[name]


async def test_a_line_may_have_separators_at_which_the_sdk_would_cut_it(url: str) -> None:
    """The SDK takes U+2028 and U+0085 inside a string for the end of its line, and fails."""
    assert (await read_by_us(url, "separators")).text == "one\u2028two\u0085three"


async def test_a_whole_answer_says_the_same(url: str) -> None:
    whole = await read_by_us(url, "unicode in 3", streams=False)
    streamed = await read_by_us(url, "unicode in 3")
    assert (whole.text, whole.reason) == (well_formed(streamed.text), streamed.reason)


async def test_tool_calls_are_those_of_the_sdk(url: str) -> None:
    parts = await ollama.AsyncClient(url).chat(
        model="m", messages=[{"role": "user", "content": "calls"}], stream=True
    )
    theirs = [call.function async for part in parts for call in part.message.tool_calls or ()]
    backend = Ollama(url, model="m")
    tool = Tool("rain", "Whether it rains.", {"type": "object", "properties": {}})
    deltas = await answer(backend, asking("calls", tools=(tool,)))
    await backend.aclose()
    ours = told(deltas, end_of(deltas)).calls
    assert [(call.name, msgspec.json.decode(call.arguments)) for call in ours] == [
        (call.name, dict(call.arguments)) for call in theirs
    ]
    assert ours[0] == ToolCall("call_0", "rain", '{"city": "Köln 🌱", "days": 2}')
    assert end_of(deltas).reason == "tool_calls"
    assert sum(isinstance(delta, ToolCallDelta) for delta in deltas) == 2


@pytest.mark.parametrize(
    ("prompt", "status", "code", "retryable"),
    [
        ("too many", 429, "backend_rate_limited", True),
        ("overloaded", 529, "backend_unavailable", True),
        ("no model", 404, "backend_rejected", False),
    ],
)
async def test_where_the_sdk_fails_we_fail(
    url: str, prompt: str, status: int, code: str, retryable: bool
) -> None:
    with pytest.raises(ollama.ResponseError) as theirs:
        await read_by_sdk(url, prompt)
    with pytest.raises(BackendError, match=f"ollama answered {status}") as ours:
        await read_by_us(url, prompt)
    assert theirs.value.status_code == status
    assert (ours.value.code, ours.value.retryable) == (code, retryable)


@pytest.mark.parametrize("prompt", ["broken off", "gone"])
async def test_an_answer_that_breaks_off_is_incomplete(url: str, prompt: str) -> None:
    with pytest.raises(BackendError) as ours:
        await read_by_us(url, prompt)
    assert ours.value.code == "backend_incomplete"


async def test_200_answers_at_once_do_not_mix(url: str) -> None:
    backend = Ollama(url, model="m")
    prompts = [f"{name} in 20" for name in ("plain", "unicode")] * 100
    answers = await asyncio.gather(*(answer(backend, asking(prompt)) for prompt in prompts))
    await backend.aclose()
    texts = [well_formed(text_of(deltas)) for deltas in answers]
    assert texts == [TEXTS["plain"], TEXTS["unicode"]] * 100
