"""Notices that a process does its job no more: it is frozen, or stuck where not even its threads run.

A process in this state ends by nobody's doing, and its job's next attempt may wait for it.
"""

import asyncio
import time
from typing import Final

from redis.exceptions import RedisError

from shared_events.answers import Look
from shared_events.ids import JobId
from shared_events.log import JobLog
from workers.silence import Silence

LOOK_EVERY_S: Final = 2.0


async def deserted(log: JobLog, job_id: JobId, *, losses: int, lease_s: float) -> None:
    """Returns once the attempt has been silent for a lease, or was buried: there are more losses now."""
    silence = Silence(lease_s)
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        try:
            (look,) = await log.looks([job_id])
        except (RedisError, OSError, TimeoutError):
            silence.forget()  # the process could not renew its lease either
            continue
        if look is not None and _is_over(look, losses, silence, job_id):
            return


def _is_over(look: Look, losses: int, silence: Silence, job_id: JobId) -> bool:
    if look.losses > losses:
        return True
    # One that has not begun has no lease to renew; one that is through leaves at once.
    is_due = look.runs or look.closed
    return is_due and job_id in silence.judge({job_id: look}, time.monotonic())
