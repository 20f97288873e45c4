"""The answers of the HTTP API."""

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest
from aiohttp import web

from realtime.problem import respond
from tests.stack import free_port
from tests.waiting import eventually

MUCH = "x" * 16 * 1024 * 1024


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
async def test_a_large_answer_is_let_go_of_when_its_client_hangs_up() -> None:
    answers: list[weakref.ref[web.Response]] = []

    async def answer(_: web.Request) -> web.Response:
        answers.append(weakref.ref(made := respond(MUCH)))
        return made

    app = web.Application()
    app.router.add_get("/", answer)
    runner, port = web.AppRunner(app, access_log=None), free_port()
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
    writer.write(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
    await eventually(lambda: bool(answers))
    writer.transport.abort()
    await eventually(lambda: answers[0]() is None)
    await runner.cleanup()
