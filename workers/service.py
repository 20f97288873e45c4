"""A worker: one process that takes jobs from RQ and runs hundreds of them at a time."""

import asyncio
import gc
import os
import sys
import time
from typing import Final, NoReturn

import redis
import structlog

from launch.discovery import with_found_backends
from launch.exit_codes import START_AGAIN
from launch.open_files import allow_many_files
from launch.settings import Settings
from launch.startup import StartupError
from shared_events.catalogue import announce, withdraw
from shared_events.contract import PRIORITIES, Announcement
from shared_events.ids import new_epoch
from shared_events.keys import Keys
from shared_events.queue import JobQueue
from shared_events.redis_client import connect, connect_blocking
from workers.announcement import announcement_of
from workers.attempt import Tools
from workers.reload import next_state, wait_for_change
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
    started_at = time.time() - time.process_time()
    settings = asyncio.run(with_found_backends(settings))
    try:
        announcement = announcement_of(settings)
    except StartupError as error:
        if settings.reload:
            wait_for_change(settings.config_path, started_at, error)
            _leave(START_AGAIN)
        raise
    _wait_until_loaded(settings)
    allow_many_files()
    gc.freeze()  # what is there now stays: no collection needs to look at it
    asyncio.run(Service(settings, announcement, started_at=started_at).run())


class Service:
    """Puts a worker's parts together and runs them."""

    def __init__(self, settings: Settings, announcement: Announcement, *, started_at: float) -> None:
        self._settings = settings
        self._announcement = announcement
        self._started_at = started_at
        self._begins_anew = False
        self._keys = Keys(settings.key_prefix)
        node = os.uname().nodename[:40]
        self._name = f"jobcast-{node}-{os.getpid()}-{new_epoch()[:4]}"
        self._successor = f"jobcast-{node}-{os.getppid()}-next"
        """As this it announces what will be, until the next process of its keeper is ready."""
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
                if self._settings.reload:
                    background.append(tasks.create_task(self._reload(worker), name="reload"))
                await worker.serve(with_scheduler=True)
                for task in background:
                    task.cancel()
            await asyncio.to_thread(self._sign_off)
            await redis_.aclose()
        if self._begins_anew or runner.stuck:
            _leave(START_AGAIN if self._begins_anew else LEFT_BEHIND)

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
        agents = [entry.name for entry in self._announcement.agents]
        backends = [str(backend) for backend in self._settings.backends]
        is_known = False
        while True:
            try:
                await asyncio.to_thread(announce, self._queue, self._keys, self._name, self._announcement)
                if not is_known:
                    await asyncio.to_thread(withdraw, self._queue, self._keys, self._successor)
                    concurrency = self._settings.worker_concurrency
                    _log.info("worker_ready", agents=agents, backends=backends, concurrency=concurrency)
                is_known = True
            except redis.RedisError as error:
                _log.warning("not_announced", error=str(error))
            await asyncio.sleep(ANNOUNCE_EVERY_S)

    async def _reload(self, worker: AsyncioWorker) -> None:
        """Wait for another state of the code that can be loaded; then let everything go on in it."""
        changed, self._announcement = await next_state(self._settings.config_path, self._started_at)
        self._begins_anew = True
        _log.info("reloading", changed=changed)
        worker.request_hand_back("reload")

    def _sign_off(self) -> None:
        try:
            if self._begins_anew:
                announce(self._queue, self._keys, self._successor, self._announcement)
            withdraw(self._queue, self._keys, self._name)
        except redis.RedisError as error:
            _log.warning("not_signed_off", error=str(error))


def _leave(exit_code: int) -> NoReturn:
    """End at once, whatever tasks and threads of authors still run."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(exit_code)


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
