"""OpenAI's SDK as an oracle for Responses: the same fixture through it and through ours gives the same."""

from collections.abc import Iterator

import pytest
from openai import APIConnectionError, APIError, APIStatusError, AsyncOpenAI
from openai.types.responses import Response

from agents import BackendError, OpenAIResponses
from agents.backends.protocol import Finished, ToolCall
from agents.surrogates import well_formed
from shared_events.events import Usage
from tests.agents.backends import responses_bytes as said
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

REASONS = {"max_output_tokens": "length"}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with aimock_process(FIXTURES) as base_url:
        yield base_url


def ours(url: str) -> OpenAIResponses:
    return OpenAIResponses(url, api_key="sk-test", model="m")


async def read_by_sdk(url: str, prompt: str = "x") -> Outcome:
    """Its pieces as they come, and its end. Raises `APIError` where the answer failed."""
    read = Outcome("", ("", "no end"))
    calls: dict[int, ToolCall] = {}
    async with AsyncOpenAI(base_url=url, api_key="sk-test", max_retries=0) as client:
        stream = await client.responses.create(model="m", input=prompt, stream=True, store=False)
        async for event in stream:
            if event.type in {"response.output_text.delta", "response.refusal.delta"}:
                read.text += event.delta
            elif event.type in {"response.reasoning_summary_text.delta", "response.reasoning_text.delta"}:
                read.reasoning += event.delta
            elif event.type == "response.output_item.done" and event.item.type == "function_call":
                item = event.item
                calls[event.output_index] = ToolCall(item.call_id, item.name, item.arguments)
            elif event.type in {"response.completed", "response.incomplete"}:
                read.end = end(event.response, called=bool(calls))
    read.calls = tuple(same_calls(calls[index] for index in sorted(calls)))
    return read


def end(response: Response, *, called: bool) -> Finished:
    assert response.usage is not None
    usage = Usage(input_tokens=response.usage.input_tokens, output_tokens=response.usage.output_tokens)
    if response.status == "incomplete":
        why = response.incomplete_details.reason if response.incomplete_details else None
        return Finished(REASONS.get(why or "", why or "incomplete"), usage)
    return Finished("tool_calls" if called else "stop", usage)


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
    assert us.reasoning or us.calls or us.end.reason == "incomplete"


@pytest.mark.parametrize("prompt", ["think first", "call tools", "say and call", "at length"])
async def test_a_whole_answer_is_the_same_as_a_stream(url: str, prompt: str) -> None:
    whole = OpenAIResponses(url, model="m", streams=False)
    assert await read_by_us(whole, prompt) == await read_by_sdk(url, prompt)


AS_BYTES = {
    "rich": said.answer(
        said.thought("hm 🤔"),
        said.thought(", well", "text"),
        said.text("Grüße "),
        said.text("🌱"),
        said.event("response.refusal.delta", output_index=0, content_index=1, item_id="m", delta="No."),
        said.call(1, name="weather"),
        said.call(2, name="time"),
        said.argument('{"city": "Zü'),
        said.argument("{}", index=2),
        said.argument('rich"}'),
        said.call(1, '{"city": "Zürich"}', state="done", name="weather"),
        said.call(2, "{}", state="done", name="time"),
    ),
    **{
        reason: said.answer(
            said.text("x"),
            ends=said.end("incomplete", incomplete_details={"reason": reason}, usage=said.COUNTS),
        )
        for reason in ("max_output_tokens", "content_filter")
    },
}


@pytest.mark.parametrize("name", AS_BYTES)
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
async def test_what_aimock_cannot_say_is_read_as_the_sdk_reads_it(name: str, line_end: bytes) -> None:
    data = said.sent(AS_BYTES[name]).replace(b"\n", line_end)
    async with byte_server(chunks=[data[i : i + 7] for i in range(0, len(data), 7)]) as base_url:
        assert await read_by_us(ours(base_url), "x") == await read_by_sdk(base_url)


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.prompt)
async def test_where_the_sdk_is_refused_we_are(url: str, refusal: Refusal) -> None:
    with pytest.raises(APIStatusError, match=refusal.words) as theirs:
        await read_by_sdk(url, refusal.prompt)
    with pytest.raises(BackendError, match=refusal.words) as us:
        await read_by_us(ours(url), refusal.prompt)
    assert theirs.value.status_code == refusal.status
    assert (us.value.code, us.value.retryable) == (refusal.code, refusal.retryable)


async def test_an_error_inside_an_answer_is_one_to_both() -> None:
    error = said.event("error", error={"code": "rate_limit_exceeded", "message": "Not now."})
    async with byte_server(chunks=[said.sent([said.text("a"), error])]) as base_url:
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


async def test_an_answer_that_ends_early_is_incomplete_even_where_the_sdk_says_nothing() -> None:
    async with byte_server(chunks=[said.sent([said.text("a")])]) as base_url:
        assert (await read_by_sdk(base_url)).text == "a"
        with pytest.raises(BackendError) as us:
            await read_by_us(ours(base_url), "x")
    assert us.value.code == "backend_incomplete"


async def test_two_hundred_answers_at_once_do_not_mix(url: str) -> None:
    await two_hundred_at_once_do_not_mix(ours(url))
