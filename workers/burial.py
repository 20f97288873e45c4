"""What is said of a job whose process died, and whether it runs again."""

from typing import Final

import structlog

from shared_events.answers import Answer, Claimed, Look, Rest
from shared_events.contract import EXTERNAL, UNBEGUN_S, ControlRequest
from shared_events.ending import say, status_of
from shared_events.events import ErrorInfo, Event, JobCancelled, JobFailed, JobStatus
from shared_events.ids import Epoch, JobId, new_epoch
from shared_events.log import JobLog
from workers.control import understood
from workers.retries import AfterLoss, after_loss

_DIED: Final = "The process that ran the job died"
_LOST: Final = "The job was lost before it began"
_SILENT: Final = "The publisher of the job fell silent"
_UNBEGUN: Final = f"Nobody began to publish the job within {UNBEGUN_S:g} s"
_POISON: Final = "The process that ran the job died again and again, the last time with nothing else in it."

_log = structlog.get_logger("sweeper")


async def bury(log: JobLog, job_id: JobId, look: Look, *, witnessed: bool = False) -> bool:
    """Take a lost job over and say what becomes of it; whether it is to be enqueued again.

    `witnessed` as in `after_loss`. Nothing happens if its writer is there after all: then its lease is
    another than that of `look`.
    """
    epoch = new_epoch()
    claimed = await log.bury(job_id, epoch, look.lease)
    if claimed.answer is not Answer.OK:
        return False
    stalled = status_of(job_id, epoch, claimed, JobStatus.STALLED, _reason(look))
    last, again = _last_word(job_id, epoch, claimed, look, witnessed=witnessed)
    said = await say(log, job_id, epoch, claimed, [stalled, last], rest=Rest.WAITS)
    ends = {} if again or not isinstance(last, JobFailed) else {"code": last.error.code}
    _log.warning("job_lost", job=job_id, losses=claimed.losses, attempt=claimed.attempt, again=again, **ends)
    return said and again


def _last_word(
    job_id: JobId, epoch: Epoch, claimed: Claimed, look: Look, *, witnessed: bool
) -> tuple[Event, bool]:
    cancel = _cancel(claimed.control)
    if cancel is not None:
        cancelled = JobCancelled(
            job_id=job_id, sequence=0, timestamp=0, reason=cancel.reason, cancelled_by=cancel.by
        )
        return cancelled, False
    after = after_loss(look, witnessed=witnessed)
    if after is AfterLoss.RETRY:
        status = JobStatus.RETRYING if claimed.attempt else JobStatus.QUEUED
        return status_of(job_id, epoch, claimed, status), True
    message = _POISON if after is AfterLoss.POISON else f"{_reason(look)}."
    error = ErrorInfo(code=after.value, message=message, retryable=after is AfterLoss.LOST)
    return JobFailed(job_id=job_id, sequence=0, timestamp=0, error=error), False


def _reason(look: Look) -> str:
    if look.agent == EXTERNAL:
        return _SILENT if look.runs else _UNBEGUN
    return _DIED if look.runs else _LOST


def _cancel(control: str) -> ControlRequest | None:
    asked = understood(control) if control else None
    return asked if asked is not None and asked.request == "cancel" else None
