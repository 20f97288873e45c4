"""Reads a job's log for its followers: what was missed, or a snapshot."""

import asyncio
from collections.abc import Callable

import msgspec

from realtime.cursor import Position
from realtime.feed import Reading
from shared_events.checkpoint import Checkpoint, Delta, resume
from shared_events.events import ErrorInfo, JobFailed, JobStatus, encode_event, now_ms
from shared_events.ids import JobId
from shared_events.log import JobLog

LOG_LOST = ErrorInfo(
    code="log_lost", message="The job's log is gone: expired, or lost by Redis.", retryable=False
)


class Read(msgspec.Struct, frozen=True):
    """A reading, and what the answer to a subscriber tells of it."""

    reading: Reading
    status: JobStatus
    is_snapshot: bool


class LogReader:
    """Single-flight: followers that ask for the same at the same time share one read."""

    def __init__(self, log: JobLog) -> None:
        self._log = log
        self._flights: dict[tuple[JobId, Checkpoint | None], asyncio.Task[Read]] = {}

    async def read(self, job_id: JobId, checkpoint: Checkpoint | None, *, heard: Callable[[], int]) -> Read:
        """What a follower at `checkpoint` is to be sent. Raises `UnknownJob` and Redis' errors."""
        key = (job_id, checkpoint)
        flight = self._flights.get(key)
        if flight is None:
            flight = asyncio.create_task(self._read(job_id, checkpoint, heard()), name=f"read {job_id}")
            self._flights[key] = flight
            flight.add_done_callback(lambda _: self._flights.pop(key, None))
        return await asyncio.shield(flight)

    async def aclose(self) -> None:
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)

    async def _read(self, job_id: JobId, checkpoint: Checkpoint | None, heard: int) -> Read:
        if checkpoint is None:
            return await self._snapshot(job_id, reset=False, heard=heard)
        tail = await self._log.read_after(job_id, checkpoint.sequence)
        match resume(checkpoint, tail.meta.reach):
            case Delta():
                position = Position(tail.meta.reach.wrote, tail.meta.head)
                reading = Reading(tail.events, position, ended=tail.meta.closed, heard=heard)
                return Read(reading, tail.meta.status, is_snapshot=False)
            case snapshot:
                held = checkpoint.sequence
                return await self._snapshot(job_id, reset=snapshot.reset, heard=heard, held=held)

    async def _snapshot(self, job_id: JobId, *, reset: bool, heard: int, held: int = 0) -> Read:
        view = await self._log.view(job_id)
        # The log may have lost its tail since the checkpoint was judged.
        event = encode_event(view.snapshot(reset=reset or view.sequence < held))
        position = Position(view.epoch, view.sequence)  # type: ignore[arg-type]
        return Read(Reading([event], position, ended=view.ended, heard=heard), view.status, is_snapshot=True)


def farewell(job_id: JobId, position: Position, *, heard: int) -> Reading:
    """For those who still follow a job whose log is gone: they keep their text, and wait no longer."""
    lost = JobFailed(job_id=job_id, sequence=position.sequence + 1, timestamp=now_ms(), error=LOG_LOST)
    return Reading([encode_event(lost)], position, ended=True, heard=heard)
