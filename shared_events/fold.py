"""The fold: what a job's events add up to. Pure; `realtime/web/client/fold.js` is its twin.

Both run the cases in `tests/protocol_cases/`. Folding merged chunks gives what the chunks give.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final

from shared_events.events import (
    ErrorInfo,
    Event,
    JobCancelled,
    JobCompleted,
    JobFailed,
    JobProgress,
    JobSnapshot,
    JobStatus,
    JobStatusChanged,
    ModelChunk,
    ModelRewind,
    Usage,
)

_JOINED_PARTS: Final = 256


class Outcome(StrEnum):
    """What became of a received event."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    """Already there: drop it."""
    GAP = "gap"
    """Something before it is missing: subscribe again with the checkpoint that is held."""
    CLOSED = "closed"
    """The job has ended: nothing may follow."""


class JobView:
    """A job as a follower sees it. `(epoch, sequence)` is its checkpoint; `text_length` in code points."""

    __slots__ = (
        "_joined",
        "_parts",
        "attempt",
        "epoch",
        "error",
        "job_id",
        "metadata",
        "progress",
        "reason",
        "result",
        "sequence",
        "status",
        "step",
        "text_length",
        "usage",
    )

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        self.epoch = ""
        self.sequence = 0
        self.status = JobStatus.QUEUED
        self.attempt = 0
        self.progress: float | None = None
        self.step: str | None = None
        self.metadata: dict[str, Any] | None = None
        """Of the last progress that had any."""
        self.reason: str | None = None
        self.result: Any = None
        self.usage: Usage | None = None
        self.error: ErrorInfo | None = None
        self.text_length = 0
        # Joined only when asked for, as appending to one long string would copy it at every chunk; and the
        # newest now and then, as many small strings take several times as much memory.
        self._parts: list[str] = []
        self._joined = 0

    @property
    def text(self) -> str:
        if len(self._parts) > 1:
            self._parts, self._joined = ["".join(self._parts)], 1
        return self._parts[0] if self._parts else ""

    @property
    def ended(self) -> bool:
        return self.status.terminal

    def receive(self, event: Event) -> Outcome:
        """Apply `event` if it is the next one; otherwise change nothing and say why."""
        first = event.sequence
        if isinstance(event, ModelChunk) and event.from_sequence is not None:
            first = event.from_sequence
        if event.sequence <= self.sequence:
            return Outcome.DUPLICATE
        if self.ended:
            return Outcome.CLOSED
        if first != self.sequence + 1:
            return Outcome.GAP
        self._apply(event)
        self.sequence = event.sequence
        return Outcome.APPLIED

    def receive_snapshot(self, snapshot: JobSnapshot) -> Outcome:
        """Replace the view, unless the snapshot is older than what the same epoch already showed."""
        overtaken = snapshot.epoch == self.epoch and snapshot.sequence <= self.sequence
        if overtaken and not snapshot.reset:
            return Outcome.DUPLICATE
        for name in _SHARED:
            setattr(self, name, getattr(snapshot, name))
        self._set_text(snapshot.text)
        return Outcome.APPLIED

    def snapshot(self, *, reset: bool) -> JobSnapshot:
        held = {name: getattr(self, name) for name in _SHARED}
        return JobSnapshot(job_id=self.job_id, text=self.text, reset=reset, **held)

    def _apply(self, event: Event) -> None:
        match event:
            case ModelChunk():
                self._append(event.chunk)
            case ModelRewind():
                self._set_text(rewind(self.text, event.length))
                self.attempt = event.attempt
            case JobProgress():
                self.progress = event.progress
                self.step = event.step if event.step is not None else self.step
                self.metadata = event.metadata if event.metadata is not None else self.metadata
            case JobStatusChanged():
                self.status, self.attempt = event.status, event.attempt
                self.epoch, self.reason = event.epoch, event.reason
            case _:
                self._end(event)

    def _append(self, chunk: str) -> None:
        self._parts.append(chunk)
        self.text_length += len(chunk)
        if len(self._parts) - self._joined >= _JOINED_PARTS:
            self._parts[self._joined :] = ["".join(self._parts[self._joined :])]
            self._joined += 1

    def _set_text(self, text: str) -> None:
        self._parts, self._joined, self.text_length = [text], 1, len(text)

    def _end(self, event: Event) -> None:
        assert event.status_after is not None
        self.status = event.status_after
        self.reason = None
        match event:
            case JobCompleted():
                self.result, self.usage = event.result, event.usage
            case JobFailed():
                self.error = event.error
            case JobCancelled():
                self.reason = event.reason


_SHARED = tuple(
    name for name in JobView.__slots__ if name not in {"_joined", "_parts", "job_id", "text_length"}
)


def fold(job_id: str, events: Iterable[Event], *, base: JobSnapshot | None = None) -> JobView:
    """The view after `events`, which go on from `base` (or from nothing)."""
    view = JobView(job_id)
    if base is not None:
        view.receive_snapshot(base)
    for event in events:
        view.receive(event)
    return view


def utf16_length(text: str) -> int:
    """Length as JavaScript counts it: characters beyond U+FFFF count twice."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def rewind(text: str, length: int) -> str:
    """The first `length` UTF-16 units of `text`; half a surrogate pair is dropped."""
    if text.isascii():
        return text[:length]
    return text.encode("utf-16-le")[: 2 * length].decode("utf-16-le", errors="ignore")
