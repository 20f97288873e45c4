"""The web process: a node behind aiohttp, until it is told to stop."""

import asyncio
import gc
import os
import signal
from collections.abc import AsyncIterator
from contextlib import closing
from typing import Final

import structlog
from aiohttp import web

from launch.open_files import allow_many_files
from launch.settings import Settings
from launch.startup import StartupError
from realtime import pages
from realtime.engine.room import Door, Room
from realtime.fan_out.broadcast import NATIVE_AVAILABLE
from realtime.node import Node
from realtime.origins import known_origins_only, loopback_hosts_only
from realtime.problem import problems
from realtime.requests import MAX_REQUEST_BYTES

NODE = web.AppKey("node", Node)
IDLE_S: Final = 75.0
"""A connection on which no whole request has come for so long is closed: aiohttp's own limit is an hour."""

_log = structlog.get_logger("web")


def main(settings: Settings) -> None:
    """Serve until told to stop."""
    asyncio.run(_serve(settings))


def make_app(settings: Settings) -> web.Application:
    """The application of one node; the node runs as long as the application does."""
    node = Node(settings)
    guards = [loopback_hosts_only(settings.host), known_origins_only(settings.cors_origins)]
    app = web.Application(middlewares=[*guards, problems], client_max_size=MAX_REQUEST_BYTES)
    app[NODE] = node
    app.on_response_prepare.append(pages.add_headers)
    node.sockets.attach(app)
    app.add_routes([*node.http.routes, *node.outside.routes, *pages.routes()])

    async def run(_app: web.Application) -> AsyncIterator[None]:
        async with node.running():
            yield

    app.cleanup_ctx.append(run)
    return app


def make_runner(app: web.Application, *, shutdown_timeout_s: float) -> web.AppRunner:
    """Serves `app` to clients that take no longer than they may for saying what they want."""
    return web.AppRunner(app, access_log=None, shutdown_timeout=shutdown_timeout_s, keepalive_timeout=IDLE_S)


async def _serve(settings: Settings) -> None:
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    app = make_app(settings)
    room = app[NODE].sockets.eio.room = Room(allow_many_files(), settings.max_connections)
    runner = make_runner(app, shutdown_timeout_s=1.0)
    await runner.setup()
    try:
        with closing(await _listen(runner, room, settings)):
            _spare_the_collector()
            await stopping.wait()
            await app[NODE].drain()
    finally:
        await runner.cleanup()


def _spare_the_collector() -> None:
    """What is loaded stays, and connections stay long: looking through them stopped every stream for 100 ms.

    Hardly anything here needs the collector, so it looks less often, and rarely at what is old.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


async def _listen(runner: web.AppRunner, room: Room, settings: Settings) -> asyncio.Server:
    serve, loop = runner.server, asyncio.get_running_loop()
    assert serve is not None
    try:
        server = await loop.create_server(
            lambda: Door(room, serve), settings.host, settings.port, backlog=4096
        )
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise StartupError(f"{settings.url} cannot be served: {reason}.", retryable=True) from error
    native = settings.native and NATIVE_AVAILABLE
    _log.info("web_ready", url=settings.url, native=native, compression=settings.compression)
    return server
