"""Whatever a server sends: a clear error, bounded memory, and a backend that can be asked again."""

import asyncio
import gzip
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from agents import BackendError, Delta
from tests.agents.backends.llm_server import Received, byte_server
from tests.agents.backends.reply_server import Reply, replying
from tests.agents.backends.spoken import SPOKEN, TEXT, WORDS, backend_of
from tests.agents.collecting import answer, asking, end_of, text_of

MIB = 1024 * 1024
JSON = {"Content-Type": "application/json"}
HTML = {"Content-Type": "text/html"}
pytestmark = pytest.mark.parametrize("kind", SPOKEN)


async def failure(kind: str, reply: Reply, text: str = "", **options: Any) -> BackendError:
    """What a backend raises at `reply`, after `text`. Asserts that it then answers the next request."""
    good = stream(kind, SPOKEN[kind].streamed(*WORDS))
    if not options.get("streams", True):
        good = Reply(headers=JSON, chunks=[SPOKEN[kind].whole])
    seen: list[Delta] = []
    async with replying(reply, good) as base_url:
        backend = backend_of(kind, base_url, **options)
        with pytest.raises(BackendError) as raised:
            async for delta in backend.stream(asking("x")):
                seen.append(delta)
        assert text_of(await answer(backend, asking("x"))) == TEXT
        await backend.aclose()
    assert text_of(seen) == text
    return raised.value


def stream(kind: str, *chunks: bytes, **headers: str) -> Reply:
    return Reply(headers={**SPOKEN[kind].headers, **headers}, chunks=chunks)


async def test_html_is_no_answer(kind: str) -> None:
    error = await failure(kind, Reply(headers=HTML, chunks=[b"<html><p>Log in</p></html>"]))
    assert (error.code, error.retryable) == ("backend_protocol", False)
    assert "answered with text/html, not with a stream" in str(error)


@pytest.mark.parametrize("content_type", ["image/png", "application/pdf", "nonsense", "text/html; x=\x80"])
async def test_a_wrong_content_type_is_no_answer(kind: str, content_type: str) -> None:
    good = SPOKEN[kind].streamed(*WORDS)
    error = await failure(kind, Reply(headers={"Content-Type": content_type}, chunks=[good]))
    assert error.code == "backend_protocol"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_nothing_is_sent_to_where_a_redirect_leads(kind: str, status: int) -> None:
    received: list[Received] = []
    async with byte_server(200, SPOKEN[kind].headers, [], received=received) as elsewhere:
        error = await failure(kind, Reply(status, {"Location": elsewhere}), api_key="sk-0123456789")
    assert error.code == "backend_protocol"
    assert f"redirect ({status})" in str(error)
    assert received == []


async def test_a_wrong_key_is_an_error_of_its_own(kind: str) -> None:
    body = b'{"error": {"message": "Wrong key sk-0123456789", "type": "authentication_error"}}'
    error = await failure(kind, Reply(401, JSON, [body]), api_key="sk-0123456789")
    assert (error.code, error.retryable) == ("backend_auth", False)
    assert str(error).endswith("answered 401 Unauthorized: Wrong key ***")


async def test_an_error_inside_a_200_fails_with_the_providers_words(kind: str) -> None:
    error = await failure(kind, stream(kind, SPOKEN[kind].broken), "a")
    assert error.code == "backend_unavailable"
    assert "Out of memory" in str(error)


async def test_an_error_in_json_inside_a_200_fails_with_the_providers_words(kind: str) -> None:
    body = b'{"error": {"message": "Out of memory", "code": 429}}'
    error = await failure(kind, Reply(headers=JSON, chunks=[body]))
    assert (error.code, error.retryable) == ("backend_rate_limited", True)
    assert "Out of memory" in str(error)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"x": NaN}', b'{"x": "\xff"}', b"[" * 100_000])
async def test_json_that_is_no_answer_is_an_error(kind: str, body: bytes) -> None:
    assert (await failure(kind, Reply(headers=JSON, chunks=[body]))).code == "backend_protocol"
    assert (await failure(kind, Reply(headers=JSON, chunks=[body]), streams=False)).code == "backend_protocol"


@pytest.mark.parametrize("json", [b"{", b'{"usage": NaN}', b"<html>", b"[" * 100_000])
async def test_a_stream_of_lines_that_cannot_be_read_is_an_error(kind: str, json: bytes) -> None:
    line = SPOKEN[kind].line + json + b"\n\n"
    assert (await failure(kind, stream(kind, line))).code == "backend_protocol"


async def test_bytes_that_are_not_utf_8_are_an_error_after_the_text_ahead_of_them(kind: str) -> None:
    line = SPOKEN[kind].line + b'{"x": "\xff"}\n\n'
    error = await failure(kind, stream(kind, SPOKEN[kind].begun + line), "a")
    assert error.code == "backend_protocol"
    assert "not UTF-8" in str(error)


async def test_half_a_tool_call_is_an_error(kind: str) -> None:
    half = SPOKEN[kind].half_call
    if half is not None:
        error = await failure(kind, stream(kind, half))
        assert error.code == "backend_incomplete"
        assert "in the middle of a tool call" in str(error)


async def test_silence_is_an_error_after_its_time(kind: str) -> None:
    async def silent() -> AsyncIterator[bytes]:
        yield SPOKEN[kind].begun
        await asyncio.Event().wait()

    reply = Reply(headers=SPOKEN[kind].headers, chunks=silent)
    error = await failure(kind, reply, "a", silence_timeout_s=0.3)
    assert (error.code, error.retryable) == ("backend_timeout", True)
    assert str(error).endswith("sent nothing for 0.3 s.")


async def test_a_slow_drip_is_an_answer(kind: str) -> None:
    async def dripping() -> AsyncIterator[bytes]:
        for byte in SPOKEN[kind].streamed(*WORDS):
            yield bytes([byte])
            await asyncio.sleep(0)

    async with replying(Reply(headers=SPOKEN[kind].headers, chunks=dripping)) as base_url:
        backend = backend_of(kind, base_url)
        deltas = await answer(backend, asking("x"))
        await backend.aclose()
    assert (text_of(deltas), end_of(deltas).reason) == (TEXT, "stop")


@pytest.fixture
def peak() -> Iterator[Any]:
    """The most memory in use since the test began, in bytes."""
    tracemalloc.start()
    yield lambda: tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()


async def test_a_line_of_100_mb_fills_no_memory(kind: str, peak: Any) -> None:
    chunk = b"x" * 65536
    lines = stream(kind, SPOKEN[kind].begun, SPOKEN[kind].line, *[chunk] * 1600)
    assert (await failure(kind, lines, "a")).code == "backend_protocol"
    assert peak() < 32 * MIB


async def test_a_whole_answer_of_100_mb_fills_no_memory(kind: str, peak: Any) -> None:
    chunk = b"x" * 65536
    reply = Reply(headers=JSON, chunks=[b'{"content": "', *[chunk] * 1600, b'"}'])
    assert (await failure(kind, reply, streams=False)).code == "backend_protocol"
    assert peak() < 64 * MIB


@pytest.mark.parametrize("content_type", ["the stream's", "application/json", "text/html"])
async def test_a_gzip_bomb_fills_no_memory(kind: str, content_type: str, peak: Any) -> None:
    begun = SPOKEN[kind].line if content_type == "the stream's" else b'{"content": "'
    packed = gzip.compress(begun + b"x" * 100 * MIB)
    tracemalloc.reset_peak()
    headers = {**SPOKEN[kind].headers, "Content-Encoding": "gzip"}
    if content_type != "the stream's":
        headers["Content-Type"] = content_type
    assert (await failure(kind, Reply(headers=headers, chunks=[packed]))).code == "backend_protocol"
    assert peak() < 64 * MIB


async def test_a_refusal_of_100_mb_fills_no_memory(kind: str, peak: Any) -> None:
    reply = Reply(500, JSON, [b'{"error": "', *[b"x" * 65536] * 1600])
    assert (await failure(kind, reply)).code == "backend_unavailable"
    assert peak() < 32 * MIB
