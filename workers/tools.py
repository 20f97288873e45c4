"""What a worker process works with, made from its settings."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from agents import load_agents, make_backends
from launch.settings import Settings
from shared_events.bus import Bus
from shared_events.errors import BusUnavailable
from shared_events.ids import JobId
from shared_events.keys import Keys
from shared_events.pipeline import PipelinedLog
from shared_events.redis_client import connect, connect_blocking
from shared_events.scripts import Terms
from workers.attempt import Tools
from workers.leases import Leases


@asynccontextmanager
async def open_tools(settings: Settings, *, worker: str) -> AsyncIterator[Tools]:
    """The tools, with all that runs behind them. Raises `AgentLoadError` and `InvalidBackend`."""
    agents, backends = load_agents(settings.modules), make_backends(settings)
    keys = Keys(settings.key_prefix)
    redis = connect(settings.event_redis_url)
    log = PipelinedLog(redis, keys, lease_s=settings.lease_s)
    leases = Leases(connect_blocking(settings.event_redis_url), keys, Terms(lease_s=settings.lease_s))
    requests = Bus(redis, on_message=lambda _, job: leases.look(JobId(job.decode())), on_hole=leases.look_all)
    leases.start()
    try:
        async with asyncio.TaskGroup() as tasks:
            background = [
                tasks.create_task(log.pipeline.run(), name="pipeline"),
                tasks.create_task(requests.run(), name="requests"),
                tasks.create_task(_follow(requests, keys.worker(worker)), name="follow requests"),
            ]
            yield Tools(log=log, agents=agents, backends=backends, leases=leases, worker=worker)
            for task in background:
                task.cancel()
    finally:
        await asyncio.to_thread(leases.stop)
        for backend in backends.values():
            await backend.aclose()
        await log.aclose()


async def _follow(requests: Bus, channel: str) -> None:
    # Where Redis is away, the bus subscribes when it is back.
    with suppress(BusUnavailable):
        await requests.follow(channel)
