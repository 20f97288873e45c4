"""A worker: one process that takes jobs from RQ and runs hundreds of them at a time."""

import asyncio
import gc
import os
import time
from typing import Final, NoReturn

import redis
import structlog

from agents import AgentLoadError, entries, load_agents, make_backends
from launch.open_files import allow_many_files
from launch.settings import Settings
from launch.startup import StartupError
from shared_events.catalogue import announce, withdraw
from shared_events.contract import PRIORITIES, Announcement
from shared_events.ids import new_epoch
from shared_events.keys import Keys
from shared_events.queue import JobQueue
from shared_events.redis_client import connect, connect_blocking
from workers.attempt import Tools
from workers.rq_async import AsyncioWorker
from workers.runner import Runner, may_run
from workers.silence import CONFIRM_S
from workers.sweeper import Sweeper
from workers.tools import open_tools

LOADED_WITHIN_S: Final = 60.0
ANNOUNCE_EVERY_S: Final = 4.0
LEFT_BEHIND: Final = 70
"""The exit code of a worker in which agents still run that ignored their cancel."""

_log = structlog.get_logger("worker")


def main(settings: Settings) -> None:
    """Work until told to stop."""
    announcement = _announcement(settings)
    _wait_until_loaded(settings)
    allow_many_files()
    gc.freeze()  # what is there now stays: no collection needs to look at it
    asyncio.run(Service(settings, announcement).run())


class Service:
    """Puts a worker's parts together and runs them."""

    def __init__(self, settings: Settings, announcement: Announcement) -> None:
        self._settings = settings
        self._announcement = announcement
        self._keys = Keys(settings.key_prefix)
        self._name = f"jobcast-{os.uname().nodename[:40]}-{os.getpid()}-{new_epoch()[:4]}"
        self._queue = connect_blocking(settings.queue_redis_url)

    async def run(self) -> None:
        async with open_tools(self._settings, worker=self._name) as tools:
            redis_ = connect(self._settings.event_redis_url, max_connections=4)
            sweeper = self._sweeper(redis_, tools)
            runner = Runner(self._settings, tools, sweeper)
            worker = self._worker(runner)
            async with asyncio.TaskGroup() as tasks:
                background = [
                    tasks.create_task(sweeper.run(), name="sweeper"),
                    tasks.create_task(self._announce(), name="announce"),
                    tasks.create_task(_watch_stuck(runner, worker), name="watch stuck agents"),
                ]
                await worker.serve(with_scheduler=True)
                for task in background:
                    task.cancel()
            await asyncio.to_thread(self._withdraw)
            await redis_.aclose()
        if runner.stuck:
            _leave()

    def _sweeper(self, redis_: "redis.asyncio.Redis", tools: Tools) -> Sweeper:
        queue = JobQueue(self._queue, self._keys)
        # Of a lease shorter than the time between two looks and a renewal, nobody could make sure.
        lease_s = max(self._settings.lease_s, CONFIRM_S)
        return Sweeper(redis_, self._keys, tools.log, queue, name=self._name, lease_s=lease_s)

    def _worker(self, runner: Runner) -> AsyncioWorker:
        return AsyncioWorker(
            [self._keys.queue(priority) for priority in PRIORITIES],
            connection=self._queue,
            name=self._name,
            begin=runner.begin,
            may_run=may_run,
            concurrency=self._settings.worker_concurrency,
            drain_s=self._settings.drain_s,
            lease_s=self._settings.lease_s,
        )

    async def _announce(self) -> None:
        """Tell what this worker can do, again and again."""
        agents, backends = self._announcement.agents, self._announcement.backends
        is_known = False
        while True:
            try:
                await asyncio.to_thread(announce, self._queue, self._keys, self._name, self._announcement)
                if not is_known:
                    concurrency = self._settings.worker_concurrency
                    names = [entry.name for entry in agents], [entry.name for entry in backends]
                    _log.info("worker_ready", agents=names[0], backends=names[1], concurrency=concurrency)
                is_known = True
            except redis.RedisError as error:
                _log.warning("not_announced", error=str(error))
            await asyncio.sleep(ANNOUNCE_EVERY_S)

    def _withdraw(self) -> None:
        try:
            withdraw(self._queue, self._keys, self._name)
        except redis.RedisError as error:
            _log.warning("not_withdrawn", error=str(error))


async def _watch_stuck(runner: Runner, worker: AsyncioWorker) -> None:
    await runner.has_too_many_stuck.wait()
    worker.request_drain(f"{runner.stuck} agents ignored their cancel")


def _wait_until_loaded(settings: Settings) -> None:
    """A Redis that has just been started may still be reading what it wrote down."""
    give_up = time.monotonic() + LOADED_WITHIN_S
    connection = connect_blocking(settings.queue_redis_url)
    while True:
        try:
            connection.ping()
            connection.close()
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


def _leave() -> NoReturn:
    os._exit(LEFT_BEHIND)
