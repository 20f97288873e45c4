"""How an attempt came out, and how a job ends. Pure."""

from typing import Any

import msgspec

from agents import info_of
from shared_events.errors import JobcastError
from shared_events.events import ErrorInfo, Event, JobFailed, JobStatus


class Ended(msgspec.Struct, frozen=True, tag=True):
    """The job has its terminal event."""

    status: JobStatus


class TryAgain(msgspec.Struct, frozen=True, tag=True):
    """The attempt failed, and there shall be another one."""

    delay_s: float


class HandedBack(msgspec.Struct, frozen=True, tag=True):
    """The worker has to go: another one continues, as soon as it can."""


class NotOurs(msgspec.Struct, frozen=True, tag=True):
    """There was nothing to do, or somebody else does it."""


Outcome = Ended | TryAgain | HandedBack | NotOurs


class Ending(msgspec.Struct, frozen=True):
    """A terminal event, before it has its number."""

    kind: type[Event]
    fields: dict[str, Any]


def failure(error: JobcastError) -> Ending:
    """`error` as the job's end, whatever its author made of it. Raises what its `__str__` raises."""
    return Ending(JobFailed, {"error": info_of(error)})


def failed(code: str, message: str, *, retryable: bool = False) -> Ending:
    return Ending(JobFailed, {"error": ErrorInfo(code=code, message=message, retryable=retryable)})
