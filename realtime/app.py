"""A node: the aiohttp application with everything that it runs, put together and taken down in order."""

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator

import redis as sync_redis
import structlog
from aiohttp import web
from redis.backoff import NoBackoff
from redis.retry import Retry

from launch.settings import Settings
from launch.startup import StartupError
from realtime import pages
from realtime.agents import AgentDirectory
from realtime.engine import SocketServer
from realtime.http_api import HttpApi
from realtime.hub import Hub
from realtime.jobs import Jobs
from realtime.metrics import Metrics
from realtime.origins import allows, loopback_hosts_only
from realtime.probe import Probe
from realtime.problem import problems
from realtime.requests import MAX_REQUEST_BYTES
from realtime.socket_api import SocketApi
from shared_events.ids import new_epoch
from shared_events.keys import Keys
from shared_events.log import JobLog
from shared_events.redis_client import COMMAND_TIMEOUT_S, CONNECT_TIMEOUT_S, connect

_log = structlog.get_logger("web")


def main(settings: Settings) -> None:
    """Serve until told to stop."""
    asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    runner = web.AppRunner(make_app(settings), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, settings.host, settings.port, backlog=4096)
        try:
            await site.start()
        except OSError as error:
            raise StartupError(
                f"{settings.url} cannot be served: {error.strerror}.", retryable=True
            ) from error
        _log.info("web_ready", url=settings.url)
        await stopping.wait()
    finally:
        await runner.cleanup()


def make_app(settings: Settings) -> web.Application:
    """The application of one node; it starts its tasks with the server and ends them with it."""
    keys = Keys(settings.key_prefix)
    events = connect(settings.event_redis_url)
    log = JobLog(events, keys, lease_s=settings.lease_s)
    queue_async = connect(settings.queue_redis_url, max_connections=8)
    queue = sync_redis.Redis.from_url(
        settings.queue_redis_url,
        protocol=2,
        socket_timeout=COMMAND_TIMEOUT_S,
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        # Not repeated by itself: an entry whose reply was lost would stand in the queue twice.
        retry=Retry(NoBackoff(), 0),
    )
    hub = Hub(events, log, keys)
    directory = AgentDirectory(queue_async, keys)
    jobs = Jobs(log, events, queue, directory, keys)
    api = SocketApi(hub, jobs)
    sockets = SocketServer(
        api.dispatch, allowed_events=api.events, cors_allowed_origins=allows(settings.cors_origins)
    )
    sockets.on_gone = hub.leave_all
    metrics = api.metrics = Metrics(hub, sockets)
    probe = Probe(events, hub.bus, keys.probe(new_epoch()), on_echo=metrics.probe_seconds.set)
    hub.on_other = probe.hear
    http = HttpApi(jobs, directory, probe, events, metrics)

    async def run(_app: web.Application) -> AsyncIterator[None]:
        async with owned_tasks(hub, probe, sockets):
            yield
        await sockets.shutdown()
        await events.aclose()
        await queue_async.aclose()
        await asyncio.to_thread(queue.close)

    app = web.Application(
        middlewares=[loopback_hosts_only(settings.host), problems], client_max_size=MAX_REQUEST_BYTES
    )
    app.on_response_prepare.append(pages.add_headers)
    sockets.attach(app)
    app.add_routes([*http.routes, *pages.routes()])
    app.cleanup_ctx.append(run)
    return app


@contextlib.asynccontextmanager
async def owned_tasks(hub: Hub, probe: Probe, sockets: SocketServer) -> AsyncIterator[None]:
    """Runs the node's tasks for as long as it serves. One that dies takes the node with it."""
    tasks = [
        asyncio.create_task(hub.run(), name="hub"),
        asyncio.create_task(probe.run(), name="probe"),
        asyncio.create_task(sockets.sweep(), name="sweep"),
    ]
    for task in tasks:
        task.add_done_callback(_die_with)
    started = time.monotonic()
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        _log.info("web_stopped", after_s=round(time.monotonic() - started, 1))


def _die_with(task: asyncio.Task[None]) -> None:
    """A node without its hub would look healthy and deliver nothing: better to end and come back."""
    if not task.cancelled():
        _log.critical("task_died", task=task.get_name(), exc_info=task.exception())
        signal.raise_signal(signal.SIGTERM)
