"""Silence, and connections that fail: a clear error each."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from agents import BackendError, BackendTimeout
from tests.agents.backends.asking_openai import ask
from tests.agents.backends.chat_bytes import chunk
from tests.agents.backends.llm_server import byte_server


async def test_silence_before_and_within_an_answer_is_a_timeout() -> None:
    async def silent() -> AsyncIterator[bytes]:
        yield chunk("a")
        await asyncio.Event().wait()

    async with byte_server(chunks=silent()) as base_url:
        with pytest.raises(BackendTimeout, match="sent nothing for"):
            await ask(base_url, silence_timeout_s=0.05)
    with (
        socket.create_server(("127.0.0.1", 0)) as mute,
        pytest.raises(BackendTimeout, match="did not answer"),
    ):
        await ask(f"http://127.0.0.1:{mute.getsockname()[1]}/v1", silence_timeout_s=0.05)


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(BackendError, match="openai could not be reached") as raised:
        await ask(f"http://127.0.0.1:{port}/v1")
    assert (raised.value.code, raised.value.retryable) == ("backend_unavailable", True)


@pytest.mark.parametrize(
    "said", [b"SSH-2.0-OpenSSH_9\r\n", b"\x15\x03\x01\x00\x02\x02\x16", b"HTTP/1.1 2x0 OK\r\n\r\n"]
)
async def test_a_server_that_speaks_another_protocol_is_no_backend(said: bytes) -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(BackendError, match="openai did not answer in HTTP") as raised:
            await ask(f"http://127.0.0.1:{port}/v1")
    assert (raised.value.code, raised.value.retryable) == ("backend_protocol", False)


async def test_a_server_that_hangs_up_is_unavailable() -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(BackendError, match="closed the connection without an answer") as raised:
            await ask(f"http://127.0.0.1:{port}/v1")
    assert raised.value.code == "backend_unavailable"
