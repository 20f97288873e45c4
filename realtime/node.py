"""A node: the parts that serve, made from the settings, and the tasks that they need."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import redis as sync_redis
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry

from launch.settings import Settings
from realtime.agents import AgentDirectory
from realtime.drain import drain
from realtime.engine.socket_io import Endpoint, SocketServer
from realtime.fan_out.broadcast import choose
from realtime.fan_out.hub import Hub
from realtime.fan_out.probe import Probe
from realtime.http_api import HttpApi
from realtime.jobs import Jobs
from realtime.limits import Limits
from realtime.metrics import Metrics
from realtime.origins import allows
from realtime.outside.calls import Calls
from realtime.outside.http_api import PublishingRoutes
from realtime.outside.publishing import Publishing
from realtime.outside.socket_api import NAMESPACE, AgentsApi
from realtime.socket_api import SocketApi
from shared_events.contract import PUBLISHER_LEASE_S
from shared_events.ids import new_epoch
from shared_events.keys import Keys
from shared_events.log import JobLog
from shared_events.queue import JobQueue
from shared_events.redis_client import COMMAND_TIMEOUT_S, CONNECT_TIMEOUT_S, connect

_log = structlog.get_logger("web")


class Node:
    """`sockets`, `http` and `outside` are to be attached to an application that lives inside `running`."""

    def __init__(self, settings: Settings) -> None:
        keys = Keys(settings.key_prefix)
        self._events = connect(settings.event_redis_url)
        self._catalogue = connect(settings.queue_redis_url, max_connections=8)
        self._queue = _queue_client(settings.queue_redis_url)
        log = JobLog(self._events, keys, lease_s=settings.lease_s)
        directory = AgentDirectory(self._catalogue, keys)
        jobs = Jobs(log, self._events, JobQueue(self._queue, keys), directory, keys)
        self._hub = Hub(self._events, log, keys, send_many=choose(native=settings.native))
        limits = Limits()
        api = SocketApi(self._hub, jobs, limits)
        origins = allows(settings.cors_origins)
        name = f"node-{new_epoch()}"
        publishing = Publishing(JobLog(self._events, keys, lease_s=PUBLISHER_LEASE_S), worker=name)
        agents = AgentsApi(publishing, limits)
        self.sockets = SocketServer(
            api.dispatch,
            self._hub.outlets,
            allowed_events=api.events,
            beside={NAMESPACE: Endpoint(agents.dispatch, agents.events, paced=True)},
            cors_allowed_origins=origins,
            compression=settings.compression,
        )
        self._drain_s, self._drain_notice_s = settings.drain_s, settings.drain_notice_s
        metrics = api.metrics = Metrics(self._hub, self.sockets)
        agents.on_refusal = metrics.refused.inc
        channel = keys.probe(new_epoch())
        self._probe = Probe(self._events, self._hub.bus, channel, on_echo=metrics.probe_seconds.set)
        self._calls = Calls(publishing, self._hub.bus, keys.worker(name))
        self._hub.on_other = self._hear
        self.http = HttpApi(
            jobs, directory, limits=limits, probe=self._probe, redis=self._events, metrics=metrics
        )
        self.outside = PublishingRoutes(publishing, limits)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Runs the node's tasks; afterwards no task and no connection is left."""
        tasks = [
            asyncio.create_task(self._hub.run(), name="hub"),
            asyncio.create_task(self._probe.run(), name="probe"),
            asyncio.create_task(self._calls.run(), name="calls"),
            asyncio.create_task(self.sockets.run(), name="connections"),
        ]
        for task in tasks:
            task.add_done_callback(_die_with)
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._close()

    async def drain(self) -> None:
        """Be not ready any more and, once load balancers have seen it, let all connections go."""
        self.http.draining = True
        await asyncio.sleep(self._drain_notice_s)
        self._hub.flusher.flush_all()
        await drain(self.sockets, longest_s=self._drain_s)

    def _hear(self, channel: bytes, data: bytes) -> None:
        self._probe.hear(channel, data)
        self._calls.hear(channel, data)

    async def _close(self) -> None:
        await self.sockets.shutdown()
        await self._events.aclose()
        await self._catalogue.aclose()
        await asyncio.to_thread(self._queue.close)


def _queue_client(url: str) -> sync_redis.Redis:
    return sync_redis.Redis.from_url(
        url,
        protocol=2,
        socket_timeout=COMMAND_TIMEOUT_S,
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        # Not repeated by itself: an entry whose reply was lost would stand in the queue twice.
        retry=Retry(NoBackoff(), 0),
    )


def _die_with(task: asyncio.Task[None]) -> None:
    """A node without its hub would look healthy and deliver nothing: better to end and come back."""
    if not task.cancelled():
        _log.critical("task_died", task=task.get_name(), exc_info=task.exception())
        signal.raise_signal(signal.SIGTERM)
