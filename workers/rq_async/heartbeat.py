"""Keeps alive what others see of this worker and its jobs, even while the event loop is blocked."""

import time
from collections.abc import Callable
from threading import Event, Lock, Thread
from typing import Final

import structlog
from redis.client import Pipeline
from redis.exceptions import RedisError
from rq import worker_registration
from rq.worker.base import BaseWorker

from workers.rq_async.claim import Claim
from workers.rq_async.popping import Popped

BEATS_PER_LEASE: Final = 4
SHORTEST_TTL_S: Final = 30
"""At least so long a worker is listed after its last beat."""

WELL_AFTER_BEATS: Final = 2
CLOCK_STEP_S: Final = 1.0

_log = structlog.get_logger("worker")


class Heartbeat:
    """One pipeline for the worker, its started jobs and the ones it has just popped, several times a lease.

    `state` tells what the worker is to be shown as. All methods may be called from any thread.
    """

    def __init__(self, worker: BaseWorker, lease_s: float, state: Callable[[], str]) -> None:
        self._worker = worker
        self._state = state
        self._ttl_s = max(SHORTEST_TTL_S, int(lease_s * 3))
        self.every_s = lease_s / BEATS_PER_LEASE
        self._claims: set[Claim] = set()
        self._popped: set[Popped] = set()
        self._beating = Lock()
        self._stop = Event()
        self._ail()
        self._clock_ahead_s = _clock_ahead_s()
        self._thread = Thread(target=self._run, name="rq heartbeat", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Returns when the thread has ended, within a command's timeout."""
        self._stop.set()
        self._thread.join()

    def hold(self, claim: Claim) -> None:
        with self._beating:
            self._claims.add(claim)

    def drop(self, claim: Claim) -> None:
        """No beat of `claim` happens after this: it could bring back what its end removes."""
        with self._beating:
            self._claims.discard(claim)

    def hold_popped(self, popped: Popped) -> None:
        """Nobody may take it for lost, however long it waits for Redis."""
        self._popped = self._popped | {popped}

    def drop_popped(self, popped: Popped) -> None:
        self._popped = self._popped - {popped}

    def popped_ids(self) -> set[str]:
        return {popped.job_id for popped in self._popped}

    def is_well(self) -> bool:
        """Whether everybody alive has had the time to beat since Redis was away, or the clock stepped.

        RQ's leases are times of day: until they are renewed, a step makes all of them look lapsed.
        """
        ahead_s = _clock_ahead_s()
        if abs(ahead_s - self._clock_ahead_s) > CLOCK_STEP_S:
            self._clock_ahead_s = ahead_s
            self._ail()
        well_for_s = time.monotonic() - self._well_since
        return self._beats > WELL_AFTER_BEATS and well_for_s > WELL_AFTER_BEATS * self.every_s

    def _ail(self) -> None:
        self._beats, self._well_since = 0, time.monotonic()

    def beat(self) -> None:
        """Raises `RedisError`."""
        with self._beating, self._worker.connection.pipeline(transaction=False) as pipeline:
            self._worker.heartbeat(self._ttl_s, pipeline=pipeline)
            self._worker.set_state(self._state(), pipeline=pipeline)
            self._add_jobs(pipeline)
            answers = pipeline.execute()
        was_forgotten = answers[0] == 1  # its first field is new: the hash had expired
        if was_forgotten:
            self._register()

    def _run(self) -> None:
        while not self._stop.wait(self.every_s):
            try:
                self.beat()
                self._beats += 1
            except RedisError as error:
                self._ail()
                _log.warning("heartbeat_failed", error=str(error))
            except Exception:  # noqa: BLE001  the border of the thread; the next beat may work
                _log.exception("heartbeat_crashed")

    def _add_jobs(self, pipeline: Pipeline) -> None:
        for claim in self._claims:
            claim.beat(pipeline)
        for popped in self._popped:
            intermediate = popped.queue.intermediate_queue
            pipeline.delete(intermediate.get_first_seen_key(popped.job_id))

    def _register(self) -> None:
        worker = self._worker
        _log.warning("worker_registered_again", worker=worker.name)
        with worker.connection.pipeline() as pipeline:
            pipeline.hset(worker.key, mapping=worker.serialize())
            worker_registration.register(worker, pipeline)
            worker.heartbeat(self._ttl_s, pipeline=pipeline)
            pipeline.execute()


def _clock_ahead_s() -> float:
    return time.time() - time.monotonic()
