"""Publishing from outside: a job's publisher begins, says what there is in batches, is told what is asked.

Whatever a publisher says goes through the same fenced append as a worker's events. Nothing waits here: a
batch is in the log when it is answered, or its publisher sends it again.
"""

import time
from typing import Final

import msgspec
import structlog

from realtime.errors import NotFound, RequestError, TooMany
from realtime.outside import requests, wording
from realtime.outside.answers import Begun, Standing, begun, standing
from realtime.outside.border import reaching_the_log
from realtime.outside.endings import ended, fenced_out
from realtime.outside.ledger import Held, Ledger
from realtime.outside.token import digest, same
from realtime.outside.wishes import understood
from realtime.outside.writing import Writing
from shared_events.answers import Answer
from shared_events.contract import JobRequest
from shared_events.errors import UnknownJob
from shared_events.events import Event, JobStatus
from shared_events.ids import JobId, new_epoch
from shared_events.log import JobLog

PER_JOB_S: Final = 250.0
PER_JOB_BURST: Final = 2500.0
BEGIN_COST: Final = 50.0
CHARACTERS_A_BATCH: Final = 20_000
"""Looking at so many characters of the job's text costs as much as a batch."""

_log = structlog.get_logger("outside")


class Publishing:
    """Raises `RequestError`s. `worker` is the name under which requests for the jobs reach this node."""

    def __init__(self, log: JobLog, *, worker: str) -> None:
        self._log = log
        self._worker = worker
        self._writing = Writing(log)
        self.ledger = Ledger()

    async def begin(self, job_id: JobId, token: str) -> tuple[Held, Begun]:
        """Claim the job under a new epoch; whoever had begun it before is fenced."""
        with reaching_the_log():
            held = await self._held(job_id, token)
            _charge(held, BEGIN_COST + _text_cost(held))
            async with held.lock:
                answer = await self._begin(held)
        _log.info("publisher_began", job=job_id, attempt=answer.attempt)
        return held, answer

    async def publish(self, job_id: JobId, batch: requests.Publish) -> tuple[Held, Standing]:
        """Write a batch, unless it is in the log already."""
        with reaching_the_log():
            held = await self._held(job_id, batch.token)
            async with held.lock:
                _charge(held, 1.0 + (_text_cost(held) if self._writing.looks_at_text(held, batch) else 0.0))
                await self._writing.write(held, batch)
        self._forget_if_ended(held)
        return held, standing(held)

    async def heed(self, job_id: JobId) -> Held | None:
        """Somebody asks something of the job: say what comes of it. None if nothing does."""
        with reaching_the_log():
            held = self.ledger.get(job_id) or await self._found(job_id)
            if not held.publisher:
                return None
            async with held.lock:
                before = held.control
                if not await self._writing.look(held):
                    return None
                await self._writing.obey(held)
        self._forget_if_ended(held)
        return held if held.control != before else None

    async def _held(self, job_id: JobId, token: str) -> Held:
        """The job, for who has its token. Raises `NotFound` for all others."""
        known, held = digest(token), self.ledger.get(job_id)
        if held is None or not same(held.publisher, known):
            held = await self._found(job_id)  # its token may have been replaced
        if not same(held.publisher, known):
            raise NotFound
        self.ledger.use(held)
        return held

    async def _found(self, job_id: JobId) -> Held:
        """Raises `UnknownJob`."""
        return Held(job_id, (await self._log.meta(job_id)).publisher)

    async def _begin(self, held: Held) -> Begun:
        job_id, epoch, writing = held.job_id, new_epoch(), self._writing
        held.fresh = False
        try:
            request, _ = await self._log.assignment(job_id)
        except UnknownJob:  # what was asked is kept until the end
            raise await self._over(job_id) from None
        claimed = await self._log.take(job_id, epoch, {"worker": self._worker}, publisher=held.publisher)
        if claimed.answer is not Answer.OK:
            raise await self._over(job_id)
        await writing.read(held)
        held.view.attempt, held.control = claimed.attempt, claimed.control
        if held.epoch != epoch or not await writing.append(held, [_first_word(held)]):
            raise fenced_out()
        given = msgspec.json.decode(request, type=JobRequest).input
        await writing.obey(held)
        await writing.compact(held, said_from=held.view.sequence)
        return begun(held, given)

    async def _over(self, job_id: JobId) -> RequestError:
        """Why the job is not the caller's any more. Raises `UnknownJob`."""
        meta = await self._log.meta(job_id)
        return ended(meta) if meta.closed else fenced_out()

    def _forget_if_ended(self, held: Held) -> None:
        view = held.view
        if view.ended and self.ledger.drop(held):
            _log.info("publisher_ended", job=held.job_id, status=view.status, attempt=view.attempt)


def _charge(held: Held, cost: float) -> None:
    """Raises `TooMany`."""
    if not held.rate.take(cost, rate=PER_JOB_S, burst=PER_JOB_BURST, now=time.monotonic()):
        raise TooMany(
            f"A job takes {PER_JOB_S:g} batches a second, and of those that begin anew, rewind or are out of "
            "turn fewer: put more into each."
        )


def _text_cost(held: Held) -> float:
    return held.view.text_length / CHARACTERS_A_BATCH


def _first_word(held: Held) -> Event:
    """The first event of an epoch: a status."""
    wish = understood(held.control)
    if wish is not None and wish.request == "pause":
        return wording.status(held.view, held.epoch, JobStatus.PAUSED, wish.reason)
    return wording.status(held.view, held.epoch, JobStatus.RUNNING)
