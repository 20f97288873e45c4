"""What is asked of an attempt while it runs: by users, by its audience, by its worker."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

import msgspec
import structlog

from agents import Policy
from shared_events.answers import Appended
from shared_events.contract import PAUSE_LIMIT_S, ControlRequest
from shared_events.events import JobCancelled
from workers.audience import Audience, Wish
from workers.outcome import Ending
from workers.pausing import Pause

UNWATCHED: Final = "Nobody was watching."
_decoder: Final = msgspec.json.Decoder(ControlRequest)

_log = structlog.get_logger("control")


def understood(request: str) -> ControlRequest | None:
    """None for what is no request: one that is written wrongly must not end whoever reads it."""
    try:
        return _decoder.decode(request)
    except msgspec.DecodeError as error:
        _log.error("request_not_understood", error=str(error))
        return None


class HandBack(msgspec.Struct, frozen=True):
    """The worker has to go."""

    reason: str


class Control:
    """`interrupted` is set when the attempt is to end; `interruption` says how. The first word counts."""

    def __init__(self, policy: Policy, *, on_pause: Callable[[], None]) -> None:
        self.interrupted = asyncio.Event()
        self.interruption: Ending | HandBack | None = None
        self.cancellation: Ending | None = None
        """Set by a cancel even where the attempt was to end already."""
        self.pause = Pause(on_change=on_pause, on_overdue=self._cancel_overdue)
        self._audience = Audience(policy, time.monotonic)
        self._last_request = ""

    def heard(self, answer: Appended) -> None:
        """Take what the log said along with an append or a renewal."""
        self.obey(answer.control)
        if answer.listeners >= 0:
            self._suit(self._audience.count(answer.listeners))

    def obey(self, request: str) -> None:
        """Do what `request` (JSON of a `ControlRequest`, or empty) says, unless that was done before."""
        # None where there was one before: Redis has lost it; what it asked for stays done.
        if request in ("", self._last_request):
            return
        self._last_request = request
        asked = understood(request)
        if asked is None:
            return
        match asked.request:
            case "cancel":
                self.cancel(asked.reason, asked.by)
            case "pause":
                self.pause.begin(asked.reason)
            case "resume":
                self.pause.end()

    def cancel(self, reason: str | None, by: str | None) -> None:
        """End the job as cancelled."""
        cancelled = Ending(JobCancelled, {"reason": reason, "cancelled_by": by})
        self.cancellation = self.cancellation or cancelled
        self._interrupt(cancelled)

    def hand_back(self, reason: str) -> None:
        """End the attempt; another one goes on."""
        self._interrupt(HandBack(reason))

    def _suit(self, wish: Wish) -> None:
        match wish:
            case Wish.PAUSE if not self.pause.paused:
                self.pause.begin(UNWATCHED)
            case Wish.CANCEL:
                self.cancel(UNWATCHED, None)
            case Wish.RESUME if self.pause.reason == UNWATCHED:
                self.pause.end()

    def _cancel_overdue(self) -> None:
        self.cancel(f"The job was paused for longer than {PAUSE_LIMIT_S:g} s.", None)

    def _interrupt(self, how: Ending | HandBack) -> None:
        if self.interruption is None:
            self.interruption = how
            self.interrupted.set()
