"""One `serve` of a worker: takes jobs while there is room, drains, and leaves nothing behind.

A job is popped (`popping`) and held (`jobs`): started (`claim`), run (`run`), ended in RQ (`ending`).
Threads renew its lease (`heartbeat`), hear commands (`commands`) and look after the registries (`upkeep`).
"""

import asyncio
import time
from contextlib import suppress
from functools import partial
from typing import Final

import msgspec
import structlog
from redis.exceptions import RedisError
from rq.worker import WorkerStatus
from rq.worker.base import BaseWorker

from workers.rq_async.commands import Commands
from workers.rq_async.connection import disconnect
from workers.rq_async.heartbeat import Heartbeat
from workers.rq_async.jobs import Jobs, Terms
from workers.rq_async.popping import Popped, Recovery, Suspended, pop
from workers.rq_async.registration import Registration
from workers.rq_async.registries import Registries
from workers.rq_async.scheduling import Scheduler
from workers.rq_async.signals import signals
from workers.rq_async.threads import Threads, delays_s
from workers.rq_async.upkeep import Upkeep

HANDLER_THREADS: Final = 4
SUSPENDED_LOOK_S: Final = 1.0
FAREWELL_S: Final = 2.0
"""So long an absent Redis is tried when the worker signs off."""
OWNERS_FIRST_S: Final = 2.0
"""After Redis failed, those who run jobs have so long to say so before others take any."""

_log = structlog.get_logger("worker")


class Limits(msgspec.Struct, frozen=True):
    """When a service ends by itself, and whether it schedules."""

    burst: bool
    max_jobs: int | None
    max_idle_s: float | None
    with_scheduler: bool


class Service:
    """Create, and `await run()` once."""

    def __init__(self, worker: BaseWorker, terms: Terms, limits: Limits) -> None:
        self._worker = worker
        self._terms = terms
        self._limits = limits
        self._threads = Threads(HANDLER_THREADS, "rq handlers")
        self._popper = Threads(1, "rq pop")
        self._registration = Registration(worker)
        self._heartbeat = Heartbeat(worker, terms.lease_s, self._state)
        self._recovery = Recovery(worker.connection, terms.lease_s, self._heartbeat.popped_ids)
        registries = Registries(worker, self._recovery, terms.refusal)
        scheduler = Scheduler(worker) if limits.with_scheduler else None
        self._upkeep = Upkeep(registries, scheduler, self._heartbeat)
        self._jobs = Jobs(worker, terms, self._threads, self._heartbeat)
        self._stopping = asyncio.Event()
        self._hurried = False
        self._suspended = False
        self._taken = 0
        self._look: asyncio.Future[Popped | Suspended | None] | None = None

    @property
    def running(self) -> int:
        return len(self._jobs)

    def request_drain(self, why: str) -> None:
        """Take no more jobs. Those that run have `drain_s`."""
        if not self._stopping.is_set():
            _log.info("worker_draining", why=why, running=self.running, drain_s=self._terms.drain_s)
            self._stopping.set()
            self._jobs.look()

    def hurry(self) -> None:
        """The time to drain is over."""
        self._hurried = True
        self._jobs.look()

    async def run(self) -> bool:
        """Whether a job was taken."""
        with signals(self.request_drain, self.hurry):
            try:
                if await self._register():
                    await self._work()
            finally:
                await self._leave()
        return self._taken > 0

    async def _work(self) -> None:
        commands = self._commands(asyncio.get_running_loop())
        await self._upkeep.start()
        commands.start()
        self._heartbeat.start()
        try:
            await self._take_jobs()
            await self._drain()
        finally:
            await self._hand_back()
            await self._threads.call(commands.stop)
            await self._threads.call(self._heartbeat.stop)
            with suppress(RedisError):  # then its key expires
                await self._threads.retried(self._registration.end, within_s=FAREWELL_S)

    def _commands(self, loop: asyncio.AbstractEventLoop) -> Commands:
        def stop_job(job_id: str) -> None:
            loop.call_soon_threadsafe(self._jobs.stop, job_id)

        def shut_down() -> None:
            loop.call_soon_threadsafe(self.request_drain, "the shutdown command")

        return Commands(self._worker, stop_job=stop_job, shut_down=shut_down)

    async def _take_jobs(self) -> None:
        limits, idle_since = self._limits, time.monotonic()
        while await self._has_room() and (limits.max_jobs is None or self._taken < limits.max_jobs):
            popped = await self._pop()
            if isinstance(popped, Popped):
                await self._take(popped)
            elif limits.burst and (popped is not None or not await self._job_ended()):
                return
            if isinstance(popped, Popped) or self._jobs:
                idle_since = time.monotonic()
            elif limits.max_idle_s is not None and time.monotonic() - idle_since >= limits.max_idle_s:
                return

    async def _has_room(self) -> bool:
        """Waits for it. False if jobs are not taken any more."""
        await self._jobs.until(lambda: self._stopping.is_set() or len(self._jobs) < self._terms.concurrency)
        return not self._stopping.is_set()

    async def _pop(self) -> Popped | Suspended | None:
        """None if there was no job, or no more is to be taken; waits out an absent Redis."""
        queues = self._worker._ordered_queues  # noqa: SLF001
        look = partial(pop, self._worker.connection, queues, wait=not self._limits.burst)
        for delay_s in delays_s():
            try:
                self._look = asyncio.ensure_future(self._popper.call(look))
                popped = await asyncio.shield(self._look)
                await self._show_suspended(isinstance(popped, Suspended))
                return popped
            except RedisError as error:
                _log.warning("queues_out_of_reach", error=str(error))
            # It may be another server now, whose queues hold again what long since runs elsewhere.
            if await self._stops_within(max(delay_s, OWNERS_FIRST_S)):
                break
        return None

    async def _take(self, popped: Popped) -> None:
        if self._stopping.is_set():
            put_back = partial(self._recovery.put_back, popped.queue, popped.job_id)
            with suppress(RedisError):  # then it is recovered when a lease has gone by
                await self._threads.retried(put_back, within_s=FAREWELL_S)
            return
        self._taken += 1
        self._jobs.start(popped)
        self._worker.reorder_queues(popped.queue)

    async def _job_ended(self) -> bool:
        """Waits until one job fewer runs. False if there was none."""
        before = self.running
        await self._jobs.until(lambda: self._stopping.is_set() or self.running < max(before, 1))
        return before > 0

    async def _show_suspended(self, suspended: bool) -> None:
        if suspended != self._suspended:
            self._suspended = suspended
            await self._threads.call(lambda: self._worker.set_state(self._state()))
        if suspended and not self._limits.burst:
            await self._stops_within(SUSPENDED_LOOK_S)

    async def _drain(self) -> None:
        """Wait for the jobs; once told to stop, for `drain_s`."""
        await self._jobs.until(lambda: not self._jobs or self._stopping.is_set())
        with suppress(TimeoutError):
            async with asyncio.timeout(self._terms.drain_s):
                await self._jobs.until(lambda: not self._jobs or self._hurried)

    async def _hand_back(self) -> None:
        self._stopping.set()
        if self._look is not None and not self._look.done():  # this service was cancelled
            with suppress(RedisError):
                popped = await self._look
                if isinstance(popped, Popped):
                    await self._take(popped)
        self._jobs.give_back_all()
        await self._jobs.until(lambda: not self._jobs)

    async def _register(self) -> bool:
        """False if told to stop before Redis could be reached. Raises `ValueError` if the name is taken."""
        for delay_s in delays_s():
            try:
                await self._threads.call(self._registration.begin)
            except RedisError as error:
                _log.warning("redis_out_of_reach", error=str(error))
            else:
                _log.info("worker_started", worker=self._worker.name, queues=self._worker.queue_names())
                return True
            if await self._stops_within(delay_s):
                break
        return False

    async def _leave(self) -> None:
        await self._upkeep.stop()
        self._threads.close()
        self._popper.close()
        disconnect(self._worker.connection)

    def _state(self) -> str:
        return WorkerStatus.SUSPENDED if self._suspended else self._jobs.state

    async def _stops_within(self, timeout_s: float) -> bool:
        return await _set_within(self._stopping, timeout_s)


async def _set_within(event: asyncio.Event, timeout_s: float) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            await event.wait()
    return event.is_set()
