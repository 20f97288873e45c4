"""How an attempt came out, and how a job ends. Pure."""

from typing import Any, Final

import msgspec

from agents.surrogates import well_formed
from shared_events.errors import JobcastError
from shared_events.events import ErrorInfo, Event, JobFailed, JobStatus
from workers.errors import WorkerError

LONGEST_MESSAGE: Final = 4000
"""Characters of an error's message that users are shown."""


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
    message = well_formed(str(error))[:LONGEST_MESSAGE]
    info = ErrorInfo(code=str(error.code), message=message, retryable=bool(error.retryable))
    return Ending(JobFailed, {"error": info})


def failed(code: str, message: str, *, retryable: bool = False) -> Ending:
    return Ending(JobFailed, {"error": ErrorInfo(code=code, message=message, retryable=retryable)})


def plain(result: Any) -> Any:
    """The agent's result as JSON types. Raises `WorkerError`."""
    try:
        return msgspec.to_builtins(result)
    except (TypeError, RecursionError) as error:
        raise WorkerError(f"The agent's result cannot be said in JSON: {error}.") from error
