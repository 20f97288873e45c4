"""A pool of RQ workers, as many as `WORKER_CONCURRENCY` says."""

import gc
import time
from functools import partial
from typing import Final, cast

import redis
import structlog
from rq.serializers import JSONSerializer
from rq.worker_pool import WorkerPool

from agents import AgentLoadError, entries, load_agents
from launch.settings import Settings
from launch.startup import StartupError
from shared_events.contract import PRIORITIES, Announcement
from shared_events.keys import Keys
from workers import job as _loaded_before_the_fork  # noqa: F401  every job's process has it at once
from workers.rq_worker import JobcastWorker
from workers.tools import make_backends

LOADED_WITHIN_S: Final = 60.0

_log = structlog.get_logger("worker")


def main(settings: Settings) -> None:
    """Work until told to stop."""
    announcement = _announcement(settings)
    keys = Keys(settings.key_prefix)
    connection = redis.Redis.from_url(settings.queue_redis_url)
    _wait_until_loaded(connection)
    # The pool only calls it, in a process that it forks.
    worker_class = cast(
        "type[JobcastWorker]", partial(JobcastWorker, settings=settings, announcement=announcement)
    )
    pool = WorkerPool(
        [keys.queue(priority) for priority in PRIORITIES],
        connection=connection,
        num_workers=settings.worker_concurrency,
        worker_class=worker_class,
        serializer=JSONSerializer,
    )
    agents, backends = (
        [entry.name for entry in part] for part in (announcement.agents, announcement.backends)
    )
    _log.info("worker_ready", agents=agents, backends=backends, concurrency=settings.worker_concurrency)
    gc.freeze()  # shared with the forked processes for longer, because no collection writes to it
    pool.start(logging_level="WARNING")


def _wait_until_loaded(connection: redis.Redis) -> None:
    """A Redis that has just been started may still be reading what it wrote down."""
    give_up = time.monotonic() + LOADED_WITHIN_S
    while True:
        try:
            connection.ping()
            return
        except (redis.ConnectionError, redis.TimeoutError) as error:
            if time.monotonic() > give_up:
                raise StartupError(f"Redis cannot be used: {error}.", retryable=True) from error
        time.sleep(0.2)


def _announcement(settings: Settings) -> Announcement:
    try:
        agents = load_agents(settings.modules)
    except AgentLoadError as error:
        raise StartupError(str(error)) from error
    return Announcement(
        agents=[agent.entry() for agent in agents.values()], backends=entries(make_backends(settings))
    )
