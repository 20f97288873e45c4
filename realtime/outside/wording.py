"""What a publisher said, as events of its job without their numbers, and what its job can take. Pure."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from realtime.errors import InvalidRequest
from realtime.outside import requests
from realtime.outside.errors import TooMuchText
from shared_events.events import (
    ChunkMetadata,
    Event,
    JobCancelled,
    JobCompleted,
    JobFailed,
    JobProgress,
    JobStatus,
    JobStatusChanged,
    ModelChunk,
    ModelRewind,
)
from shared_events.fold import JobView, rewind, utf16_length
from shared_events.pieces import pieces

PUBLISHED_LIMIT_CHARACTERS: Final = 2 * 1024 * 1024
"""An eighth of what a worker's job may have: a node serves others, too, and has to go through it at times."""


def worded(view: JobView, batch: Sequence[requests.Said]) -> list[Event]:
    """The events of a batch, in order; long text in pieces. The same batch gives the same events."""
    return [event for said in batch for event in _events(view, said)]


def check(view: JobView, events: Sequence[Event]) -> None:
    """Whether `view` can take `events`. Raises `InvalidRequest`, `TooMuchText`."""
    length = view.text_length
    for event in events:
        match event:
            case ModelRewind(length=kept):
                length = _rewound(view, kept)
            case ModelChunk(chunk=text):
                length += len(text)
    if length > PUBLISHED_LIMIT_CHARACTERS:
        raise TooMuchText(
            f"The text of an external job may have {PUBLISHED_LIMIT_CHARACTERS} characters at most."
        )


def status(view: JobView, epoch: str, now: JobStatus, reason: str | None = None) -> Event:
    return JobStatusChanged(**_unnumbered(view), status=now, attempt=view.attempt, epoch=epoch, reason=reason)


def cancelled(view: JobView, reason: str | None, by: str | None) -> Event:
    return JobCancelled(**_unnumbered(view), reason=reason, cancelled_by=by)


def numbered(events: Sequence[Event], *, after: int, timestamp: int) -> list[Event]:
    return [
        msgspec.structs.replace(event, sequence=sequence, timestamp=timestamp)
        for sequence, event in enumerate(events, after + 1)
    ]


def _events(view: JobView, said: requests.Said) -> Iterator[Event]:
    base = _unnumbered(view)
    match said:
        case requests.Chunk():
            metadata = ChunkMetadata(step=said.step, model=said.model)
            for piece in pieces(said.text):
                yield ModelChunk(**base, chunk=piece, metadata=metadata if said.step or said.model else None)
        case requests.Progress():
            yield JobProgress(**base, progress=said.progress, step=said.step, metadata=said.metadata)
        case requests.Rewind():
            yield ModelRewind(**base, length=said.length, attempt=view.attempt, reason=said.reason)
        case requests.Completed():
            yield JobCompleted(**base, result=said.result, usage=said.usage)
        case requests.Failed():
            yield JobFailed(**base, error=said.error)
        case requests.Cancelled():
            yield JobCancelled(**base, reason=said.reason)


def _rewound(view: JobView, length: int) -> int:
    """Characters that are left. Raises `InvalidRequest`."""
    text = view.text
    if length > utf16_length(text):
        raise InvalidRequest(f"A rewind to {length} is none: the text has {utf16_length(text)} UTF-16 units.")
    return len(rewind(text, length))


def _unnumbered(view: JobView) -> dict[str, Any]:
    return {"job_id": view.job_id, "sequence": 0, "timestamp": 0}
