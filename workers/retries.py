"""Whether there is another attempt: after an agent failed, and after a process died. Pure."""

import random
from enum import Enum
from typing import Final

import msgspec

from agents import BackendError, Retry
from shared_events.answers import Claimed, Look
from shared_events.contract import EXTERNAL
from workers.outcome import Ending

SUSPECT_AFTER: Final = 2
"""A job that was running at so many deaths of workers is tried again alone, in a process of its own."""
MOST_LOSSES: Final = 3
"""After so many it is poison, if somebody saw the last process die in which nothing else was running."""
MOST_UNSEEN: Final = 6
"""So many deaths that nobody saw, of whole workers or machines, convict nobody; but they are enough."""
MOST_STRAYS: Final = 3
"""So often a job may be lost while it waits."""


class Failure(msgspec.Struct, frozen=True):
    """An agent raised `error`; the job would end with `ending`."""

    error: BaseException
    ending: Ending

    @property
    def reason(self) -> str:
        return str(self.ending.fields["error"].message)


class AfterLoss(Enum):
    RETRY = "retry"
    LOST = "worker_lost"
    POISON = "poison"


def retry_after(retry: Retry, failure: Failure, claimed: Claimed) -> float | None:
    """Seconds until the next attempt; None if there is none."""
    failed = claimed.attempt - claimed.spared
    if failed >= retry.attempts or not retry.is_retryable(failure.error):
        return None
    asked = failure.error.retry_after_s if isinstance(failure.error, BackendError) else None
    return retry.delay_s(failed, retry_after_s=asked, random=random.random)


def is_suspect(losses: int) -> bool:
    """Whether a job must not run beside others."""
    return losses >= SUSPECT_AFTER


def after_loss(look: Look, *, witnessed: bool) -> AfterLoss:
    """What becomes of a job whose process died, or which was lost before it began.

    `witnessed` by the worker that ran it in a process of its own, and outlived it.
    """
    if look.agent == EXTERNAL:
        return AfterLoss.LOST
    if not look.runs:
        return AfterLoss.RETRY if look.strays + 1 < MOST_STRAYS else AfterLoss.LOST
    losses = look.losses + 1
    if look.attempts == 1:
        return AfterLoss.LOST
    if witnessed and losses >= MOST_LOSSES:
        return AfterLoss.POISON
    return AfterLoss.RETRY if losses < MOST_UNSEEN else AfterLoss.LOST
