"""The OpenAI-compatible backend against a server that sends given bytes: all that can go wrong on the way."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable

import pytest

from agents import BackendError, BackendIncomplete, BackendRejected, OpenAIChat
from tests.agents.backends.asking_openai import JSON, KEY, PROMPT, ask, refusal
from tests.agents.backends.chat_bytes import DONE, chunk, event, whole
from tests.agents.backends.llm_server import EVENT_STREAM, Received, byte_server
from tests.agents.collecting import answer, asking, end_of, text_of


async def test_an_answer_is_read_from_any_pieces() -> None:
    data = whole("Grüße", " 🌱")
    for size in (len(data), 7, 1):
        async with byte_server(chunks=[data[i : i + size] for i in range(0, len(data), size)]) as base_url:
            deltas = await ask(base_url)
        assert text_of(deltas) == "Grüße 🌱"
        assert end_of(deltas).reason == "stop"


async def test_the_request_is_what_the_protocol_wants() -> None:
    received: list[Received] = []
    async with byte_server(chunks=[DONE], received=received) as base_url:
        await ask(base_url)
        nameless = OpenAIChat(base_url, model="m")
        await answer(nameless, asking("x", model="other", max_tokens=3))
        await nameless.aclose()
    first, second = received
    assert first.headers["Authorization"] == f"Bearer {KEY}"
    assert first.headers["Accept"] == "text/event-stream"
    assert first.body["model"] == "m"
    assert first.body["messages"] == [{"role": "user", "content": PROMPT}]
    assert "Authorization" not in second.headers
    assert (second.body["model"], second.body["max_tokens"]) == ("other", 3)


@pytest.mark.parametrize(
    ("status", "code", "retryable"),
    [
        (400, "backend_rejected", False),
        (401, "backend_auth", False),
        (403, "backend_auth", False),
        (404, "backend_rejected", False),
        (408, "backend_unavailable", True),
        (429, "backend_rate_limited", True),
        (500, "backend_unavailable", True),
        (503, "backend_unavailable", True),
    ],
)
async def test_a_refusal_tells_the_providers_words(status: int, code: str, retryable: bool) -> None:
    body = b'{"error": {"message": "The provider says no.", "type": "x"}}'
    error = await refusal(status, {**JSON, "Retry-After": "7"}, body)
    assert (error.code, error.retryable, error.retry_after_s) == (code, retryable, 7.0)
    assert str(error).startswith(f"openai answered {status} ")
    assert str(error).endswith(": The provider says no.")


async def test_a_refusal_never_tells_the_key_or_the_prompt() -> None:
    words = f"Key {KEY} may not ask: {PROMPT}"
    error = await refusal(401, JSON, b'{"error": {"message": "' + words.encode() + b'"}}')
    assert str(error) == "openai answered 401 Unauthorized: Key *** may not ask: ***"


@pytest.mark.parametrize("body", [b"", b"<html>502</html>", b"\xff" * 10, b"x" * 200_000])
async def test_a_refusal_with_a_body_of_any_form_is_told(body: bytes) -> None:
    error = await refusal(502, {"Content-Type": "text/html"}, body)
    assert error.code == "backend_unavailable"
    assert str(error).startswith("openai answered 502 Bad Gateway")
    assert len(str(error)) < 400


async def test_a_refusal_that_breaks_off_is_told() -> None:
    error = await refusal(500, JSON, b'{"error": {"mess', cut_off=True)
    assert (error.code, str(error)[:18]) == ("backend_unavailable", "openai answered 50")


@pytest.mark.parametrize(
    ("headers", "body", "reason"),
    [
        (
            {"Content-Type": "text/html; charset=utf-8"},
            b"<html></html>",
            "text/html, not with a stream of events.",
        ),
        (
            JSON,
            b'{"detail": "Not so"}',
            "application/json, not with a stream of events: Not so",
        ),
        (JSON, b'{"choices": []}', "application/json, not with a stream of events."),
        ({"Content-Type": "image/png"}, b"\x89PNG", "image/png, not with"),
    ],
)
async def test_a_200_that_is_no_stream_is_a_failure(
    headers: dict[str, str], body: bytes, reason: str
) -> None:
    error = await refusal(200, headers, body)
    assert (error.code, error.retryable) == ("backend_protocol", False)
    assert reason in str(error)


@pytest.mark.parametrize(
    "content_type", ["text/event-stream; charset=utf-8", "TEXT/EVENT-STREAM", "text/plain"]
)
async def test_a_stream_may_come_under_these_types(content_type: str) -> None:
    async with byte_server(200, {"Content-Type": content_type}, [whole("x")]) as base_url:
        assert text_of(await ask(base_url)) == "x"


@pytest.mark.parametrize(
    ("body", "cut_off", "code"),
    [
        (b"", False, "backend_incomplete"),
        (b"", True, "backend_incomplete"),
        (chunk("a"), False, "backend_incomplete"),
        (chunk("a"), True, "backend_incomplete"),
        (chunk("a") + chunk("b")[:-9], False, "backend_incomplete"),
        (chunk("a") + chunk("b")[:-9], True, "backend_incomplete"),
        (b"data: hello\n\n", False, "backend_protocol"),
        (event({"error": {"message": "x", "code": 429}}), False, "backend_rate_limited"),
        (b"x" * (5 * 1024 * 1024), False, "backend_protocol"),
    ],
)
async def test_an_answer_that_breaks_off_is_a_failure(body: bytes, cut_off: bool, code: str) -> None:
    assert (await refusal(200, EVENT_STREAM, body, cut_off=cut_off)).code == code


async def test_an_answer_that_is_cut_off_keeps_its_text() -> None:
    texts = []
    async with byte_server(chunks=[chunk("One"), chunk(" two")], cut_off=True) as base_url:
        backend = OpenAIChat(base_url, model="m")
        with pytest.raises(BackendIncomplete):
            async for delta in backend.stream(asking("x")):
                texts.append(delta)
        await backend.aclose()
    assert text_of(texts) == "One two"


async def test_an_answer_that_is_cut_off_after_its_finish_reason_is_whole() -> None:
    async with byte_server(chunks=[chunk("a"), chunk(finish="stop")], cut_off=True) as base_url:
        deltas = await ask(base_url)
    assert (text_of(deltas), end_of(deltas).reason) == ("a", "stop")


async def test_a_compressed_stream_is_read_and_a_broken_one_refused() -> None:
    headers = {**EVENT_STREAM, "Content-Encoding": "gzip"}
    packed = gzip.compress(whole("x"))
    async with byte_server(200, headers, [packed]) as base_url:
        assert text_of(await ask(base_url)) == "x"
    assert (await refusal(200, headers, b"no gzip")).code == "backend_protocol"


async def test_more_than_one_layer_of_compression_is_refused() -> None:
    for encoding in ("gzip, gzip", "gzip,deflate"):
        error = await refusal(200, {**EVENT_STREAM, "Content-Encoding": encoding}, b"x")
        assert error.code == "backend_protocol"
        assert "more than one layer of compression" in str(error)


Endless = tuple[Callable[[], AsyncIterator[bytes]], asyncio.Event]


def endless() -> Endless:
    """An answer without end, and whether its client has gone."""
    gone = asyncio.Event()

    async def chunks() -> AsyncIterator[bytes]:
        try:
            yield chunk("a")
            await asyncio.Event().wait()
        finally:
            gone.set()

    return chunks, gone


async def test_closing_the_iterator_ends_the_request_at_once() -> None:
    chunks, gone = endless()
    async with byte_server(chunks=chunks()) as base_url:
        backend = OpenAIChat(base_url, model="m")
        deltas = backend.stream(asking("x"))
        assert text_of([await anext(deltas)]) == "a"
        await deltas.aclose()
        await asyncio.wait_for(gone.wait(), 30)
        await backend.aclose()


@pytest.mark.parametrize("status", [302, 500])
async def test_a_refusal_ends_its_connection_however_long_its_body(status: int) -> None:
    gone = asyncio.Event()

    async def page() -> AsyncIterator[bytes]:
        try:
            yield b"<html>" * 20_000
            await asyncio.Event().wait()
        finally:
            gone.set()

    async with byte_server(status, {"Content-Type": "text/html"}, page()) as base_url:
        backend = OpenAIChat(base_url, model="m")
        with pytest.raises(BackendError) as raised:
            await answer(backend, asking("x"))
        await asyncio.wait_for(gone.wait(), 30)
        assert str(status) in str(raised.value)
        await backend.aclose()


async def test_cancelling_ends_the_request_at_once() -> None:
    chunks, gone = endless()
    async with byte_server(chunks=chunks()) as base_url:
        backend = OpenAIChat(base_url, model="m")
        arrived = asyncio.Event()

        async def read() -> None:
            async for _ in backend.stream(asking("x")):
                arrived.set()

        reading = asyncio.create_task(read())
        await asyncio.wait_for(arrived.wait(), 30)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        await asyncio.wait_for(gone.wait(), 30)
        await backend.aclose()


async def test_an_answer_ends_at_its_end_marker_even_if_the_connection_stays() -> None:
    async def lingering() -> AsyncIterator[bytes]:
        yield whole("x")
        await asyncio.Event().wait()

    async with byte_server(chunks=lingering()) as base_url:
        assert text_of(await asyncio.wait_for(ask(base_url), 30)) == "x"


async def test_text_that_json_cannot_say_is_refused() -> None:
    backend = OpenAIChat("http://127.0.0.1:9/v1", model="m")
    with pytest.raises(BackendRejected, match="not Unicode text"):
        await answer(backend, asking("\ud83c"))
    await backend.aclose()
