"""How an agent wants to be run: what happens after a failure, how long it may take, where it runs. Pure."""

import asyncio
import re
from collections.abc import Callable
from typing import Any, Final, Literal, TypeAlias, get_args

import msgspec

from agents.errors import InvalidAgent, JobStopped
from shared_events.contract import PRIORITIES
from shared_events.errors import JobcastError

OnRetry: TypeAlias = Literal["restart", "continue"]
OnUnwatched: TypeAlias = Literal["continue", "pause", "cancel"]

MAX_ATTEMPTS: Final = 20
MAX_RETRY_AFTER_S: Final = 120.0
"""So long we wait at most because a provider asks for it; some ask for days."""
LONGEST_S: Final = 86_400

_QUEUE: Final = re.compile(r"[a-z0-9_-]{1,20}", re.ASCII)


class Retry(msgspec.Struct, frozen=True):
    """When a failed attempt is followed by another. Raises `InvalidAgent`.

    `attempts` counts all of them: 1 is never again. The pause between two doubles from `backoff_s` up to
    `max_backoff_s`. `on` names errors to try again after, besides those of ours that are `retryable`.
    """

    attempts: int = 3
    backoff_s: float = 1.0
    max_backoff_s: float = 60.0
    on: tuple[type[BaseException], ...] = ()

    def __post_init__(self) -> None:
        if type(self.attempts) is not int or not 1 <= self.attempts <= MAX_ATTEMPTS:
            raise InvalidAgent(f"attempts must be 1 to {MAX_ATTEMPTS}, not {_said(self.attempts)}.")
        _check_seconds("backoff_s", self.backoff_s, 0)
        _check_seconds("max_backoff_s", self.max_backoff_s, self.backoff_s)
        if not isinstance(self.on, tuple) or not all(_is_error(kind) for kind in self.on):
            raise InvalidAgent(f"on must be a tuple of exception classes, not {_said(self.on)}.")

    def is_retryable(self, error: BaseException) -> bool:
        """Whether another attempt may do better. A job that was stopped is not tried again."""
        if isinstance(error, asyncio.CancelledError | JobStopped):
            return False
        return isinstance(error, self.on) or (isinstance(error, JobcastError) and error.retryable)

    def delay_s(self, attempt: int, *, retry_after_s: float | None, random: Callable[[], float]) -> float:
        """Seconds from the failure of `attempt` (from 1) to the next one, drawn from [d/2, d].

        Never less than `retry_after_s`, as far as that is sane. `random` draws from [0, 1).
        """
        # 2 to the power of 63 is past every limit; more could not be said as a float.
        longest_s = min(self.max_backoff_s, self.backoff_s * 2.0 ** min(max(attempt - 1, 0), 63))
        return max(longest_s / 2 * (1 + random()), _sane(retry_after_s))


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What `@agent` says about running its function. Raises `InvalidAgent`.

    `on_retry`: a new attempt writes the text anew, or goes on behind what the last one left.
    `timeout_s`: of one attempt. `own_process`: it may block or crash without harm to its neighbours.
    `queue`: the queue of workers of its own, for those who want some.
    `on_unwatched`: what happens when nobody has followed the job for `unwatched_grace_s`.
    `backends`: who is asked where the request names none: `name` or `name/model`, one after another until
    one begins to answer. Those that are not configured are left out; none at all is the default one.
    """

    retry: Retry = msgspec.field(default_factory=Retry)
    on_retry: OnRetry = "restart"
    timeout_s: float = 3600
    own_process: bool = False
    queue: str | None = None
    on_unwatched: OnUnwatched = "continue"
    unwatched_grace_s: float = 60
    backends: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.retry, Retry):
            raise InvalidAgent(f"retry must be a Retry, not {_said(self.retry)}.")
        if not isinstance(self.own_process, bool):
            raise InvalidAgent(f"own_process must be True or False, not {_said(self.own_process)}.")
        _check_word("on_retry", self.on_retry, OnRetry)
        _check_word("on_unwatched", self.on_unwatched, OnUnwatched)
        _check_seconds("timeout_s", self.timeout_s, 1)
        _check_seconds("unwatched_grace_s", self.unwatched_grace_s, 1)
        _check_queue(self.queue)
        _check_backends(self.backends)


def _sane(retry_after_s: float | None) -> float:
    # An author's backend may say what is no number. NaN is not above 0 either.
    if not isinstance(retry_after_s, int | float) or not retry_after_s > 0:
        return 0.0
    return min(retry_after_s, MAX_RETRY_AFTER_S)


def _check_seconds(name: str, value: Any, least: float) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not least <= value <= LONGEST_S:
        raise InvalidAgent(f"{name} must be {least:g} to {LONGEST_S} seconds, not {_said(value)}.")


def _check_word(name: str, value: Any, allowed: Any) -> None:
    words = get_args(allowed)
    if value not in words:
        raise InvalidAgent(f"{name} must be one of {', '.join(words)}, not {_said(value)}.")


def _check_queue(queue: Any) -> None:
    if queue is None or (isinstance(queue, str) and _QUEUE.fullmatch(queue) and queue not in PRIORITIES):
        return
    taken = ", ".join(PRIORITIES)
    raise InvalidAgent(f"queue must be 1 to 20 of a-z 0-9 - _ and none of {taken}, not {_said(queue)}.")


def _check_backends(backends: Any) -> None:
    if not isinstance(backends, tuple) or not all(isinstance(name, str) and name for name in backends):
        raise InvalidAgent(f"backends must be a tuple of names of backends, not {_said(backends)}.")


def _is_error(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseException)


def _said(value: object) -> str:
    return repr(value)[:60]
