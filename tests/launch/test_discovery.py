"""Which backends a process has: those of the settings, an Ollama that answers in time, the script last."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from launch.discovery import (
    LARGEST_ANSWER_BYTES,
    models_of_ollama,
    with_found_backends,
)
from launch.settings import Settings, read_settings
from tests.stack import free_port

TAGS = b'{"models": [{"name": "llama3.2:latest", "size": 1}, {"name": "qwen3:8b"}]}'

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def ollama(answer: Answer | bytes = TAGS) -> AsyncIterator[str]:
    """Something at `/api/tags`; its URL."""

    async def whole(_: web.Request) -> web.StreamResponse:
        assert isinstance(answer, bytes)
        return web.Response(body=answer, content_type="application/json")

    app = web.Application()
    app.router.add_get("/api/tags", whole if isinstance(answer, bytes) else answer)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def settings(**environ: str) -> Settings:
    return read_settings({"JOBCAST_CONFIG": os.devnull} | environ)


async def names(given: Settings) -> list[str]:
    return [one.name for one in (await with_found_backends(given)).backends]


async def test_an_ollama_that_answers_comes_before_the_script() -> None:
    async with ollama() as url:
        found = await with_found_backends(settings(OLLAMA_HOST=url, OPENAI_API_KEY="k"), within_s=30)
    assert [one.name for one in found.backends] == ["openai", "ollama", "scripted"]
    one = found.backends[1]
    assert (one.kind, one.base_url, one.model) == ("ollama", url, "llama3.2:latest")
    assert one.models == ("llama3.2:latest", "qwen3:8b")


async def test_it_is_looked_for_once() -> None:
    async with ollama() as url:
        found = await with_found_backends(settings(OLLAMA_HOST=url))
    assert await with_found_backends(found) == found


async def test_where_nothing_listens_there_is_the_script() -> None:
    assert await names(settings(OLLAMA_HOST=f"127.0.0.1:{free_port()}")) == ["scripted"]


async def test_an_ollama_that_is_not_wanted_is_not_asked() -> None:
    assert settings(OLLAMA_HOST="off").ollama_url is None
    assert await names(settings(OLLAMA_HOST="off")) == ["scripted"]


async def test_a_name_of_the_settings_is_not_looked_for(tmp_path: Path) -> None:
    config = tmp_path / "jobcast.toml"
    config.write_text('[backends.scripted]\nkind = "scripted"\n[backends.ollama]\nkind = "scripted"\n')
    async with ollama() as url:
        found = await with_found_backends(settings(OLLAMA_HOST=url, JOBCAST_CONFIG=str(config)))
    assert [one.name for one in found.backends] == ["scripted", "ollama"]
    assert {one.kind for one in found.backends} == {"scripted"}


async def drips(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.01)


async def is_silent(_: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError


@pytest.mark.parametrize("answer", [drips, is_silent])
async def test_one_that_does_not_come_to_its_end_holds_nobody_up(answer: Answer) -> None:
    async with ollama(answer) as url:
        async with asyncio.timeout(30):
            assert await models_of_ollama(url) == ()


async def redirects(_: web.Request) -> web.StreamResponse:
    raise web.HTTPFound("http://elsewhere.example/")


async def fails(_: web.Request) -> web.StreamResponse:
    return web.Response(status=500, body=TAGS)


@pytest.mark.parametrize(
    "answer",
    [
        redirects,
        fails,
        b"",
        b"<html>",
        b"[]",
        b'{"models": 3}',
        b'{"models": null}',
        b'{"models": []}',
        b'{"models": [{"title": "x"}]}',
        b'{"models": [{"name": "a\\u0000"}, {"name": ""}]}',
        b'{"models": [{"name": "' + b"a" * 201 + b'"}]}',
        b'{"x": ' + b"[" * 100_000,
        b"\xff",
        b" " * LARGEST_ANSWER_BYTES + TAGS,
    ],
    ids=lambda answer: answer.__name__ if callable(answer) else repr(answer[:20]),
)
async def test_what_is_no_list_of_models_is_no_ollama(answer: Answer | bytes) -> None:
    async with ollama(answer) as url:
        assert await models_of_ollama(url) == ()
