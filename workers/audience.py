"""What becomes of a job that nobody watches, as its agent's policy says. Pure, with the clock passed in."""

from collections.abc import Callable
from enum import Enum

from agents import Policy


class Wish(Enum):
    """What the number of listeners asks of the job."""

    NOTHING = "nothing"
    PAUSE = "pause"
    CANCEL = "cancel"
    RESUME = "resume"


class Audience:
    """Tell it each number of listeners that the log reports. Grace begins with the attempt."""

    def __init__(self, policy: Policy, clock: Callable[[], float]) -> None:
        self._policy = policy
        self._clock = clock
        self._empty_since: float | None = clock()
        self._has_acted = False

    def count(self, listeners: int) -> Wish:
        if self._policy.on_unwatched == "continue":
            return Wish.NOTHING
        return self._watched() if listeners > 0 else self._unwatched()

    def _watched(self) -> Wish:
        self._empty_since = None
        if not self._has_acted:
            return Wish.NOTHING
        self._has_acted = False
        return Wish.RESUME

    def _unwatched(self) -> Wish:
        now = self._clock()
        self._empty_since = now if self._empty_since is None else self._empty_since
        if self._has_acted or now - self._empty_since < self._policy.unwatched_grace_s:
            return Wish.NOTHING
        self._has_acted = True
        return Wish.PAUSE if self._policy.on_unwatched == "pause" else Wish.CANCEL
