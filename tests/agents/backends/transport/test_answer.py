"""The body of a response: bounded, whole up to where it broke, and cut off at once."""

import asyncio
import gzip
import socket
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import cast

import aiohttp
import pytest
from yarl import URL

from agents.backends.transport.answer import Answer
from agents.backends.transport.session import open_session
from agents.backends.transport.transport_errors import TRANSPORT_ERRORS
from tests.agents.backends.llm_server import EVENT_STREAM, byte_server
from tests.waiting import eventually

SILENCE_S = 0.05


@asynccontextmanager
async def answered(
    chunks: Iterable[bytes] | AsyncIterator[bytes],
    *,
    cut_off: bool = False,
    silence_s: float = SILENCE_S,
    headers: Mapping[str, str] = EVENT_STREAM,
) -> AsyncIterator[tuple[aiohttp.ClientResponse, Answer]]:
    async with byte_server(200, headers, chunks, cut_off=cut_off) as base_url:
        session = open_session(URL(base_url), silence_timeout_s=silence_s)
        response = await session.post(URL(base_url), json={})
        answer = Answer(response, silence_timeout_s=silence_s)
        yield response, answer
        answer.close()
        await session.close()


def transport(response: aiohttp.ClientResponse) -> asyncio.ReadTransport:
    assert response.connection is not None
    return cast(asyncio.ReadTransport, response.connection.transport)


async def whole(answer: Answer) -> bytes:
    data = b""
    while read := await answer.read():
        data += read
    return data


async def test_what_came_before_a_cut_is_read_also_by_a_reader_who_comes_late() -> None:
    data = b""
    async with answered([b"one ", b"two"], cut_off=True) as (response, answer):
        await eventually(lambda: response.content.exception() is not None)
        with pytest.raises(aiohttp.ClientError):
            while True:
                data += await answer.read()
    assert data == b"one two"


async def test_others_have_their_turn_between_the_reads_of_what_unpacks_to_very_much() -> None:
    turns = 0

    async def neighbour() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    packed = gzip.compress(b"\n" * 20 * 1024 * 1024)
    headers = {**EVENT_STREAM, "Content-Encoding": "gzip"}
    async with answered([packed], silence_s=30, headers=headers) as (_, answer):
        task, seen = asyncio.create_task(neighbour()), []
        while await answer.read():
            seen.append(turns)
        task.cancel()
    assert len(seen) > 50
    assert len(set(seen)) == len(seen)


async def test_an_error_stays() -> None:
    async with answered([b"x"], cut_off=True) as (_, answer):
        with pytest.raises(aiohttp.ClientError):
            await whole(answer)
        with pytest.raises(aiohttp.ClientError):
            await answer.read()


async def test_a_socket_that_nobody_reads_is_stopped_and_then_read_on() -> None:
    size = 4 * 1024 * 1024
    async with answered([b"x" * 1024] * (size // 1024), silence_s=30) as (response, answer):
        await eventually(lambda: not transport(response).is_reading())
        assert response.content.total_bytes < 512 * 1024
        assert len(await whole(answer)) == size


async def test_silence_counts_only_while_somebody_waits() -> None:
    go_on = asyncio.Event()

    async def chunks() -> AsyncIterator[bytes]:
        yield b"a"
        await go_on.wait()
        yield b"b"

    async with answered(chunks()) as (_, answer):
        assert await answer.read() == b"a"
        long_after = time.monotonic() + 4 * SILENCE_S
        await eventually(lambda: time.monotonic() > long_after)
        go_on.set()
        assert await answer.read() == b"b"


async def test_silence_between_two_reads_is_a_timeout_and_cuts_the_connection() -> None:
    gone = asyncio.Event()

    async def chunks() -> AsyncIterator[bytes]:
        try:
            yield b"a"
            await asyncio.Event().wait()
        finally:
            gone.set()

    async with answered(chunks()) as (_, answer):
        assert await answer.read() == b"a"
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(answer.read(), 30)
        await asyncio.wait_for(gone.wait(), 30)


async def test_a_request_given_up_does_not_wait_until_its_server_has_read_it() -> None:
    body = b"x" * (64 * 1024 * 1024)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = URL(f"http://127.0.0.1:{listening.getsockname()[1]}")
        session = open_session(url, silence_timeout_s=60)
        asking = asyncio.create_task(session.post(url, data=body))
        server = (await asyncio.to_thread(listening.accept))[0]
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        with server:
            assert await asyncio.to_thread(read_to_the_end, server) < len(body)
        await session.close()


def read_to_the_end(server: socket.socket) -> int:
    """The bytes that came before the end or a reset."""
    server.settimeout(10)
    size = 0
    try:
        while data := server.recv(1024 * 1024):
            size += len(data)
    except ConnectionResetError:
        pass
    return size


def test_the_errors_of_a_server_are_those_that_are_caught() -> None:
    assert issubclass(aiohttp.ClientPayloadError, TRANSPORT_ERRORS)
    assert issubclass(aiohttp.ServerTimeoutError, TRANSPORT_ERRORS)
