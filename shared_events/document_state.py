"""How far a document is: what the agent `document` publishes as the metadata of its progress. Pure.

`realtime/web/client/document_state.js` is the twin of `stream_status`.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

from shared_events.events import JobStatus, Wire

StreamStatus: TypeAlias = Literal["idle", "streaming", "paused", "complete", "cancelled"]

_SAID_BY_JOB: Final[Mapping[JobStatus, StreamStatus]] = {
    JobStatus.PAUSED: "paused",
    JobStatus.CANCELLED: "cancelled",
    JobStatus.COMPLETED: "complete",
}
_HOLDS: Final = ("streaming", "complete")


class DocumentState(Wire, frozen=True, omit_defaults=False):
    """`tokens_generated` is an estimate of all that is written; `current_section` its heading, or None."""

    sections_completed: int
    sections_total: int
    tokens_generated: int
    current_section: str | None
    stream_status: StreamStatus

    @property
    def percent(self) -> float:
        return round(100 * self.sections_completed / self.sections_total, 1) if self.sections_total else 0.0


def stream_status(status: JobStatus, metadata: Mapping[str, Any] | None) -> StreamStatus:
    """What to show of a document whose job has that `status`, and last published that `metadata`.

    An agent that is paused or cancelled cannot say so: its job does. What the agent said last holds only
    while its job runs.
    """
    if status in _SAID_BY_JOB:
        return _SAID_BY_JOB[status]
    said: StreamStatus | None = (metadata or {}).get("streamStatus")
    holds = status is JobStatus.RUNNING and said in _HOLDS
    return said if holds and said is not None else "idle"
