"""Finds the jobs that nobody runs any more, so that nobody waits for them.

Every worker has one; a lock in Redis lets one at a time do the work.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Set
from typing import Any, Final, cast

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from shared_events.answers import Look
from shared_events.contract import PRIORITIES
from shared_events.ids import JobId
from shared_events.keys import Keys
from shared_events.log import JobLog
from shared_events.open_jobs import OpenJobs
from shared_events.queue import JobQueue
from workers.burial import bury
from workers.silence import Silence

SWEEP_EVERY_S: Final = 2.0
LOCK_S: Final = 6.0
"""A sweeper that dies is succeeded after this."""
LOOKS: Final = 3
"""So many times in a row a job must be in no queue, or have no log: it may be on its way there."""

_log = structlog.get_logger("sweeper")


class Sweeper:
    """`run` is a task of the owner."""

    def __init__(
        self, redis: Redis, keys: Keys, log: JobLog, queue: JobQueue, *, name: str, lease_s: float
    ) -> None:
        self._redis = redis
        self._keys = keys
        self._log = log
        self._queue = queue
        self._name = name
        self._open = OpenJobs(redis, keys)
        self._silence = Silence(lease_s)
        self._unqueued = _Streaks()
        self._logless = _Streaks()

    async def run(self) -> None:
        """Sweep until cancelled."""
        while True:
            try:
                if await self._may_sweep():
                    await self.sweep()
                else:
                    self._forget()
            except (RedisError, OSError, TimeoutError) as error:
                # Writers repeat what Redis did not take: each gets a whole lease from here on.
                self._forget()
                _log.warning("sweep_failed", error=str(error))
            await asyncio.sleep(SWEEP_EVERY_S)

    async def sweep(self) -> None:
        """Look at the next page of open jobs, and see to those that are lost."""
        ids = await self._open.next_page()
        looks = dict(zip(ids, await self._log.looks(ids), strict=True)) if ids else {}
        await self._dismiss(looks)
        there = {job_id: look for job_id, look in looks.items() if look is not None and not look.closed}
        silent = {job_id: there[job_id] for job_id in self._silence.judge(there, time.monotonic())}
        unqueued = self._unqueued.seen(ids, await self._not_queued(silent))
        for job_id in [*(job_id for job_id, look in silent.items() if look.runs), *unqueued]:
            await self.recover(job_id, silent[job_id])

    async def recover(self, job_id: JobId, look: Look, *, witnessed: bool = False) -> bool:
        """Say that the job is lost, and enqueue it again if it may run again; whether it may.

        `witnessed` as in `after_loss`.
        """
        again = await bury(self._log, job_id, look, witnessed=witnessed)
        if again:
            queue = look.queue or "normal"
            await asyncio.to_thread(self._queue.put, job_id, queue, agent=look.agent, first=True)
        return again

    async def _dismiss(self, looks: Mapping[JobId, Look | None]) -> None:
        """Look no more at what has ended, or has no log. One that is being accepted has none yet."""
        logless = self._logless.seen(looks, {job_id for job_id, look in looks.items() if look is None})
        over = [*logless, *(job_id for job_id, look in looks.items() if look is not None and look.closed)]
        await self._open.remove(over)
        self._silence.forget(over)

    async def _not_queued(self, silent: Mapping[JobId, Look]) -> set[JobId]:
        """Those that have not begun, and are in no queue either."""
        waiting = {job_id: look for job_id, look in silent.items() if not look.runs}
        if not waiting:
            return set()
        queues = {*PRIORITIES, *(look.queue for look in waiting.values() if look.queue)}
        return waiting.keys() - await asyncio.to_thread(self._queue.waiting, queues)

    def _forget(self) -> None:
        self._silence.forget()
        self._unqueued.clear()
        self._logless.clear()

    async def _may_sweep(self) -> bool:
        key, lock_ms = self._keys.sweep(), int(LOCK_S * 1000)
        if await self._redis.set(key, self._name, nx=True, px=lock_ms):
            return True
        if await cast("Any", self._redis.get(key)) != self._name.encode():
            return False
        await self._redis.set(key, self._name, px=lock_ms)
        return True


class _Streaks:
    """Of how many looks in a row something was true of a job."""

    def __init__(self) -> None:
        self._looks: Counter[JobId] = Counter()

    def seen(self, looked_at: Iterable[JobId], true_of: Set[JobId]) -> list[JobId]:
        """Those of which it was true at the last `LOOKS` looks at them; their count begins anew."""
        for job_id in looked_at:
            if job_id not in true_of:
                self._looks.pop(job_id, None)
        self._looks.update(true_of)
        often = [job_id for job_id in true_of if self._looks[job_id] >= LOOKS]
        for job_id in often:
            del self._looks[job_id]
        return often

    def clear(self) -> None:
        self._looks.clear()
