"""Servers that stand in for a provider: aimock, a real protocol server, and one that sends given bytes.

async with aimock([says("hello", "Hi!")]) as base_url: ...
async with byte_server(chunks=[b"data: [DONE]\\n\\n"]) as base_url: ...
"""

import asyncio
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final, NoReturn

import msgspec
import pytest
from aiohttp import web

from tests.waiting import wait_until

_AIMOCK: Final = Path("node_modules/@copilotkit/aimock/dist/cli.js")
_READY: Final = re.compile(r"listening on (http://\S+)")
EVENT_STREAM: Final = {"Content-Type": "text/event-stream"}


class Received(msgspec.Struct):
    """A request that a `byte_server` got."""

    headers: Mapping[str, str]
    body: Any
    path: str = ""


def says(prompt: str, text: str, **options: Any) -> dict[str, Any]:
    """An aimock fixture: the answer to a last user message that contains `prompt`.

    `options` are aimock's: `chunkSize` (UTF-16 units), `latency` (ms between chunks), `truncateAfterChunks`.
    """
    return {"match": {"userMessage": prompt}, "response": {"content": text}, **options}


def refuses(prompt: str, status: int, message: str, **fields: str) -> dict[str, Any]:
    """An aimock fixture: a refusal with an error object."""
    error = {"message": message, **fields}
    return {"match": {"userMessage": prompt}, "response": {"error": error, "status": status}}


@asynccontextmanager
async def aimock(fixtures: Sequence[Mapping[str, Any]]) -> AsyncIterator[str]:
    """A running aimock; its base URL, with the `/v1`. Skips where there is none, fails under CI=true."""
    with aimock_process(fixtures) as base_url:
        yield base_url


@contextmanager
def aimock_process(fixtures: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """As `aimock`, for fixtures of pytest that outlive an event loop."""
    node, script = _tools()
    with tempfile.TemporaryDirectory(prefix="jobcast-aimock-") as directory:
        given, output = Path(directory, "fixtures.json"), Path(directory, "output")
        given.write_bytes(msgspec.json.encode({"fixtures": fixtures}))
        with output.open("wb") as stream:
            command = [node, str(script), "--port", "0", "--fixtures", str(given)]
            process = subprocess.Popen(command, stdout=stream, stderr=subprocess.STDOUT)
        try:
            yield f"{_ready_url(process, output)}/v1"
        finally:
            process.kill()
            process.wait()


@asynccontextmanager
async def byte_server(
    status: int = 200,
    headers: Mapping[str, str] = EVENT_STREAM,
    chunks: Iterable[bytes] | AsyncIterable[bytes] = (),
    *,
    cut_off: bool = False,
    received: list[Received] | None = None,
) -> AsyncIterator[str]:
    """Answers every POST with exactly these bytes, each chunk written by itself; its base URL.

    `cut_off` ends the answer by closing the connection. When the client goes away, an async generator
    of chunks is cancelled. Requests are noted in `received`.
    """

    async def answer(request: web.Request) -> web.StreamResponse:
        if received is not None:
            received.append(
                Received(dict(request.headers), msgspec.json.decode(await request.read()), request.path)
            )
        response = web.StreamResponse(status=status, headers=headers)
        await response.prepare(request)
        async for chunk in _each(chunks):
            await response.write(chunk)
        if cut_off and request.transport is not None:
            request.transport.abort()
        return response

    async with serving(answer) as base_url:
        yield base_url


@asynccontextmanager
async def serving(answer: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    """A server whose every POST gets `answer`; its base URL."""
    app = web.Application()
    app.router.add_post("/{path:.*}", answer)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()


async def _each(chunks: Iterable[bytes] | AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    if isinstance(chunks, AsyncIterable):
        async for chunk in chunks:
            yield chunk
        return
    for chunk in chunks:
        yield chunk
        await asyncio.sleep(0)


def _ready_url(process: subprocess.Popen[bytes], output: Path) -> str:
    def url() -> re.Match[str] | None:
        said = output.read_text()
        assert process.poll() is None, f"aimock ended: {said}"
        return _READY.search(said)

    match = wait_until(url, 30)
    assert match is not None
    return match[1]


def _tools() -> tuple[str, Path]:
    node = shutil.which("node")
    if node is None:
        _missing("Node.js is not on the PATH.")
    script = Path(__file__).parents[3] / _AIMOCK
    if not script.exists():
        _missing(f"{_AIMOCK} is not there: run npm ci.")
    return node, script


def _missing(reason: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
