"""Anthropic's SDK as an oracle: the same fixture through it and through ours gives the same."""

from collections.abc import Iterator

import msgspec
import pytest
from anthropic import APIStatusError, AsyncAnthropic
from anthropic.types import Message
from httpx2 import HTTPError

from agents import AnthropicMessages, BackendError
from agents.backends.protocol import Finished, ToolCall
from agents.surrogates import well_formed
from shared_events.events import Usage
from tests.agents.backends import anthropic_bytes as said
from tests.agents.backends.dialects.anthropic_cases import COMPLETE
from tests.agents.backends.dialects.reading_cases import Outcome
from tests.agents.backends.llm_server import aimock_process, byte_server
from tests.agents.backends.oracles import (
    FIXTURES,
    PROMPTS,
    REFUSALS,
    Refusal,
    expected,
    read_by_us,
    same_calls,
    two_hundred_at_once_do_not_mix,
)

REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
RICH = b"".join(
    [
        said.start(
            input_tokens=3, cache_read_input_tokens=10, cache_creation_input_tokens=5, output_tokens=1
        ),
        said.opens(0, "thinking", thinking="", signature=""),
        said.PING,
        said.delta(0, "thinking_delta", thinking="hm 🤔"),
        said.delta(0, "signature_delta", signature="c2ln"),
        said.closes(0),
        said.opens(1, "redacted_thinking", data="c2VjcmV0"),
        said.closes(1),
        said.opens(2, text=""),
        said.text("Grüße ", 2),
        said.text("🌱", 2),
        said.closes(2),
        said.opens(3, "tool_use", id="t1", name="f", input={}),
        said.delta(3, "input_json_delta", partial_json=""),
        said.delta(3, "input_json_delta", partial_json='{"city": "Zü'),
        said.PING,
        said.delta(3, "input_json_delta", partial_json='rich"}'),
        said.closes(3),
        said.opens(4, "tool_use", id="t2", name="g", input={}),
        said.closes(4),
        said.change("tool_use", output_tokens=9),
        said.STOP,
    ]
)
AS_BYTES = {
    "rich": RICH,
    "rich, with CR LF": RICH.replace(b"\n", b"\r\n"),
    **{
        reason: said.start(input_tokens=1) + said.change(reason, output_tokens=2) + said.STOP
        for reason in [*REASONS, "pause_turn"]
    },
    **{
        name: COMPLETE[name].data
        for name in (
            "usual",
            "many bytes",
            "CR",
            "CR LF, byte order mark and comments",
            "usage with a cache",
            "usage that is corrected at the end",
        )
    },
}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with aimock_process(FIXTURES) as base_url:
        yield base_url


def ours(url: str) -> AnthropicMessages:
    return AnthropicMessages(url, api_key="sk-test", model="m")


async def read_by_sdk(url: str, prompt: str = "x") -> Outcome:
    root = url.removesuffix("/v1")
    async with AsyncAnthropic(base_url=root, api_key="sk-test", max_retries=0) as client:
        asked = client.messages.stream(
            model="m", max_tokens=100, messages=[{"role": "user", "content": prompt}]
        )
        async with asked as stream:
            return read(await stream.get_final_message())


def read(message: Message) -> Outcome:
    usage = message.usage
    cached = (usage.cache_read_input_tokens or 0) + (usage.cache_creation_input_tokens or 0)
    counted = Usage(input_tokens=usage.input_tokens + cached, output_tokens=usage.output_tokens)
    reason = message.stop_reason or ""
    calls = [
        ToolCall(block.id, block.name, msgspec.json.encode(block.input).decode())
        for block in message.content
        if block.type == "tool_use"
    ]
    return Outcome(
        text="".join(block.text for block in message.content if block.type == "text"),
        end=Finished(REASONS.get(reason, reason), counted),
        reasoning="".join(block.thinking for block in message.content if block.type == "thinking"),
        calls=tuple(same_calls(calls)),
    )


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
    whole = AnthropicMessages(url, model="m", streams=False)
    assert await read_by_us(whole, prompt) == await read_by_sdk(url, prompt)


@pytest.mark.parametrize("name", AS_BYTES)
async def test_what_aimock_cannot_say_is_read_as_the_sdk_reads_it(name: str) -> None:
    data = AS_BYTES[name]
    pieces = [data[i : i + 7] for i in range(0, len(data), 7)]
    async with byte_server(chunks=pieces) as base_url:
        assert await read_by_us(ours(base_url), "x") == await read_by_sdk(base_url)


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.prompt)
async def test_where_the_sdk_is_refused_we_are(url: str, refusal: Refusal) -> None:
    with pytest.raises(APIStatusError, match=refusal.words) as theirs:
        await read_by_sdk(url, refusal.prompt)
    with pytest.raises(BackendError, match=refusal.words) as us:
        await read_by_us(ours(url), refusal.prompt)
    assert theirs.value.status_code == refusal.status
    assert (us.value.code, us.value.retryable) == (refusal.code, refusal.retryable)


@pytest.mark.parametrize(
    ("kind", "code"),
    [("overloaded_error", "backend_unavailable"), ("rate_limit_error", "backend_rate_limited")],
)
async def test_an_error_inside_an_answer_is_one_to_both(kind: str, code: str) -> None:
    begun = said.start(input_tokens=1) + said.opens(text="") + said.text("a")
    async with byte_server(chunks=[begun + said.failed(kind, "Not now.")]) as base_url:
        with pytest.raises(APIStatusError, match=kind):
            await read_by_sdk(base_url)
        with pytest.raises(BackendError, match="Not now") as us:
            await read_by_us(ours(base_url), "x")
    assert us.value.code == code


@pytest.mark.parametrize("prompt", ["broken off", "cut by the clock"])
async def test_an_answer_that_breaks_off_is_incomplete(url: str, prompt: str) -> None:
    with pytest.raises(HTTPError):
        await read_by_sdk(url, prompt)
    with pytest.raises(BackendError) as us:
        await read_by_us(ours(url), prompt)
    assert us.value.code == "backend_incomplete"


async def test_an_answer_that_ends_early_is_incomplete_even_where_the_sdk_believes_it() -> None:
    async with byte_server(chunks=[RICH.removesuffix(said.STOP)]) as base_url:
        assert (await read_by_sdk(base_url)).text == "Grüße 🌱"
        with pytest.raises(BackendError) as us:
            await read_by_us(ours(base_url), "x")
    assert us.value.code == "backend_incomplete"


async def test_two_hundred_answers_at_once_do_not_mix(url: str) -> None:
    await two_hundred_at_once_do_not_mix(ours(url))
