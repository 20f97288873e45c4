"""Gets a command through to Redis: repeats it while Redis is away, or has no room."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import structlog
from redis.exceptions import OutOfMemoryError, RedisError, ResponseError

from shared_events.errors import LogUnavailable
from shared_events.ids import JobId
from workers.errors import StorageFull

OUTAGE_LIMIT_S: Final = 120.0
"""So long a writer tries to reach the log before it gives the job up."""
STORAGE_LIMIT_S: Final = 20.0
"""So long Redis may refuse to write, for lack of memory or disk, before the job fails."""
_FIRST_PAUSE_S: Final = 0.05
_LONGEST_PAUSE_S: Final = 2.0

Reply = TypeVar("Reply")

_log = structlog.get_logger("writer")


async def persist(job_id: JobId, command: Callable[[], Awaitable[Reply]], *, waits_for_room: bool) -> Reply:
    """The reply to `command`, which must be safe to send twice.

    Raises `LogUnavailable` after a long outage; `StorageFull` when Redis refuses to write for long, unless
    the caller `waits_for_room` as for an outage.
    """
    began = time.monotonic()
    pause = _FIRST_PAUSE_S
    refused_since: float | None = None
    while True:
        try:
            return await command()
        except (RedisError, OSError, TimeoutError) as error:
            now = time.monotonic()
            refused_since = (refused_since or now) if _has_no_room(error) else None
            if refused_since and not waits_for_room and now - refused_since > STORAGE_LIMIT_S:
                raise StorageFull(f"Redis has had no room for {STORAGE_LIMIT_S:g} s: {error}.") from error
            if now - began > OUTAGE_LIMIT_S:
                raise LogUnavailable(f"Redis did not answer for {OUTAGE_LIMIT_S:g} s: {error}.") from error
            _log.warning("log_unreachable", job=job_id, error=str(error))
        await asyncio.sleep(random.uniform(pause / 2, pause))  # noqa: S311
        pause = min(_LONGEST_PAUSE_S, pause * 2)


def _has_no_room(error: Exception) -> bool:
    """Out of memory, or out of disk: Redis says MISCONF when it cannot write its files."""
    # Inside a script the word comes after the script's own.
    return isinstance(error, OutOfMemoryError) or (
        isinstance(error, ResponseError) and any(word in str(error) for word in ("OOM ", "MISCONF "))
    )
