"""What a worker does for all of them every few seconds, beside its jobs: clean the registries, schedule."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import structlog
from redis.exceptions import RedisError

from workers.rq_async.heartbeat import Heartbeat
from workers.rq_async.registries import Registries
from workers.rq_async.scheduling import Scheduler
from workers.rq_async.threads import Threads

TICK_S: Final = 1.0

_log = structlog.get_logger("worker")


class Upkeep:
    """Two tasks, each in a thread of its own. Without `scheduler` nothing is scheduled."""

    def __init__(self, registries: Registries, scheduler: Scheduler | None, heartbeat: Heartbeat) -> None:
        self._registries = registries
        self._scheduler = scheduler
        self._heartbeat = heartbeat
        self._threads = Threads(2, "rq upkeep")
        self._leaving = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """What is due is in its queue when this returns, if Redis is there."""
        await self._tend(self._tick)
        self._tasks = [
            asyncio.create_task(self._keep(self._clean, self._heartbeat.every_s), name="rq registries"),
            asyncio.create_task(self._keep(self._tick, TICK_S), name="rq scheduler"),
        ]

    async def stop(self) -> None:
        """Nothing is left running when this returns, whatever Redis does."""
        self._leaving.set()
        await asyncio.gather(*self._tasks)
        if self._scheduler is not None:
            with suppress(RedisError):  # then its locks expire
                await self._threads.call(self._scheduler.stop)
            self._scheduler.close()
        self._threads.close()

    async def _keep(self, work: Callable[[], None], every_s: float) -> None:
        while not self._leaving.is_set():
            await self._tend(work)
            with suppress(TimeoutError):
                async with asyncio.timeout(every_s):
                    await self._leaving.wait()

    async def _tend(self, work: Callable[[], None]) -> None:
        try:
            await self._threads.call(work)
        except RedisError as error:
            _log.warning("upkeep_failed", work=work.__name__, error=str(error))
        except Exception:  # noqa: BLE001  a job with broken data must not end the upkeep of the others
            _log.exception("upkeep_crashed", work=work.__name__)

    def _clean(self) -> None:
        if self._heartbeat.is_well():
            self._registries.clean()

    def _tick(self) -> None:
        if self._scheduler is not None:
            self._scheduler.tick()
