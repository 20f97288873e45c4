"""The jobs that are published through this node, as far as it remembers them: a cache, bounded, of the log.

Nothing depends on it but speed: the log refuses whatever does not follow on its end, and a job that is not
here is read from there.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from realtime.fan_out.outlet import Outlet
from realtime.rates import TokenBucket
from shared_events.compaction import Compaction
from shared_events.fold import JobView
from shared_events.ids import Epoch, JobId

MOST_JOBS: Final = 2000
MOST_CHARACTERS: Final = 64 * 1024 * 1024
"""Of the texts of all of them."""
IDLE_S: Final = 120.0


class Held:
    """One job. Whoever writes to it holds `lock`, and clears `fresh` until the log has answered."""

    def __init__(self, job_id: JobId, publisher: str) -> None:
        self.job_id = job_id
        self.publisher = publisher
        """The digest of its token."""
        self.lock = asyncio.Lock()
        self.epoch = Epoch("")
        self.view = JobView(job_id)
        self.compaction = Compaction()
        self.fresh = False
        """Whether `view` is what the log holds, as far as anybody here knows."""
        self.control = ""
        """What was asked of it last, as the log tells it."""
        self.outlet: Outlet | None = None
        """The connection on which its publisher was heard last."""
        self.paused_since: float | None = None
        self.used_at = time.monotonic()
        self.rate = TokenBucket(self.used_at)
        self.counted = 0
        """Characters of it that a ledger counts."""


class Ledger:
    """The oldest go first, when there are too many, too large ones, or nobody used them for long."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._jobs: OrderedDict[JobId, Held] = OrderedDict()
        self.characters = 0
        """Of all texts here, as of when each was used last."""

    def __len__(self) -> int:
        return len(self._jobs)

    def get(self, job_id: JobId) -> Held | None:
        return self._jobs.get(job_id)

    def use(self, held: Held) -> None:
        """Keep `held`, or keep it for longer."""
        held.used_at = self._clock()
        known = self._jobs.pop(held.job_id, held)
        self._count(known, 0)
        self._count(held, held.view.text_length)
        self._jobs[held.job_id] = held
        self._forget(held.used_at - IDLE_S)

    def drop(self, held: Held) -> bool:
        """Whether it was here."""
        if self._jobs.get(held.job_id) is not held:
            return False
        del self._jobs[held.job_id]
        self._count(held, 0)
        return True

    def _count(self, held: Held, characters: int) -> None:
        self.characters += characters - held.counted
        held.counted = characters

    def _forget(self, idle_since: float) -> None:
        while len(self._jobs) > 1 and self._first.used_at < idle_since:
            self.drop(self._first)
        while len(self._jobs) > MOST_JOBS:
            self.drop(self._first)
        while len(self._jobs) > 1 and self.characters > MOST_CHARACTERS:
            self.drop(self._first)

    @property
    def _first(self) -> Held:
        return next(iter(self._jobs.values()))
