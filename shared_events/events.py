"""Every event of a job, as it stands in the log and on the wire (PROTOCOL.md is the full text).

An event is encoded once, by its writer, as the JSON array `["<name>",{<payload>}]`. Log, bus and
websocket carry those bytes unchanged.
"""

import time
from enum import StrEnum
from typing import Any, ClassVar, Final

import msgspec

from shared_events.errors import InvalidEvent


class JobStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    RETRYING = "retrying"
    STALLED = "stalled"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def terminal(self) -> bool:
        return self in _TERMINAL


_TERMINAL: Final = frozenset({JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED})


class Wire(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, kw_only=True):
    """Base of what goes over the wire: camelCase keys, absent instead of null."""


class Usage(Wire, frozen=True, rename=None):
    """Tokens as the provider counted them, or an estimate that says so."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    estimated: bool = False


class ErrorInfo(Wire, frozen=True, omit_defaults=False):
    """Why a job or a request failed. `retryable`: the same request may succeed later."""

    code: str
    message: str
    retryable: bool


class ChunkMetadata(Wire, frozen=True, rename=None):
    step: str | None = None
    model: str | None = None
    tokens_per_sec: float | None = None


class Event(Wire, frozen=True):
    """A sequenced event. `timestamp`: Unix milliseconds; `sequence`: 1, 2, 3, … without a gap."""

    NAME: ClassVar[str]
    status_after: ClassVar[JobStatus | None] = None
    """The status that a terminal event gives its job."""

    job_id: str
    sequence: int
    timestamp: int


class ModelChunk(Event, frozen=True):
    """Text to append. A merged chunk stands for the sequences `from_sequence`…`sequence`."""

    NAME = "model:chunk"
    chunk: str
    from_sequence: int | None = None
    metadata: ChunkMetadata | None = None


class ModelRewind(Event, frozen=True, omit_defaults=False):
    """Drop the text after `length` (UTF-16 units, as JavaScript counts)."""

    NAME = "model:rewind"
    length: int
    attempt: int
    reason: str


class JobProgress(Event, frozen=True):
    NAME = "job:progress"
    progress: float
    step: str | None = None
    metadata: dict[str, Any] | None = None


class JobStatusChanged(Event, frozen=True):
    """The first event of every epoch is one of these, so a follower knows its checkpoint's epoch."""

    NAME = "job:status"
    status: JobStatus
    attempt: int
    epoch: str
    reason: str | None = None


class JobCompleted(Event, frozen=True):
    NAME = "job:completed"
    status_after = JobStatus.COMPLETED
    result: Any = None
    usage: Usage | None = None


class JobFailed(Event, frozen=True):
    NAME = "job:failed"
    status_after = JobStatus.FAILED
    error: ErrorInfo


class JobCancelled(Event, frozen=True):
    NAME = "job:cancelled"
    status_after = JobStatus.CANCELLED
    reason: str | None = None
    cancelled_by: str | None = None


class JobSnapshot(Wire, frozen=True):
    """Replaces what a client holds; not sequenced. `reset`: what it held was overtaken."""

    NAME: ClassVar[str] = "job:snapshot"

    job_id: str
    epoch: str
    sequence: int
    reset: bool = msgspec.field()
    text: str = msgspec.field()
    status: JobStatus
    attempt: int
    progress: float | None = None
    step: str | None = None
    metadata: dict[str, Any] | None = None
    """Of the last progress that had any."""
    reason: str | None = None
    result: Any = None
    usage: Usage | None = None
    error: ErrorInfo | None = None


EVENTS: Final[dict[str, type[Event]]] = {
    event.NAME: event
    for event in (
        ModelChunk,
        ModelRewind,
        JobProgress,
        JobStatusChanged,
        JobCompleted,
        JobFailed,
        JobCancelled,
    )
}
TERMINAL_EVENTS: Final = frozenset(name for name, event in EVENTS.items() if event.status_after)

_encoder: Final = msgspec.json.Encoder()
_split: Final = msgspec.json.Decoder(tuple[str, msgspec.Raw])
_decoders: Final = {name: msgspec.json.Decoder(event) for name, event in EVENTS.items()}


_TERMINAL_PREFIXES: Final = tuple(f'["{name}",'.encode() for name in sorted(TERMINAL_EVENTS))


_STATUS_PREFIXES: Final = (f'["{JobStatusChanged.NAME}",'.encode(), *_TERMINAL_PREFIXES)


def ends_job(events: list[bytes]) -> bool:
    """Whether the last of these encoded events is terminal; none of them is parsed."""
    return bool(events) and events[-1].startswith(_TERMINAL_PREFIXES)


def status_after(event: bytes) -> JobStatus | None:
    """The status that an encoded event gives its job; None if it changes none. Raises `InvalidEvent`."""
    if not event.startswith(_STATUS_PREFIXES):
        return None
    decoded = decode_event(event)
    return decoded.status if isinstance(decoded, JobStatusChanged) else decoded.status_after


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def encode_event(event: Event | JobSnapshot) -> bytes:
    """`["<name>",{…}]`: JSON without a raw line break, the bytes that log, bus and wire share."""
    return _encoder.encode((event.NAME, event))


def decode_event(data: bytes) -> Event:
    """The event in `data`, as `encode_event` made it. Raises `InvalidEvent`."""
    try:
        name, payload = _split.decode(data)
        return _decoders[name].decode(payload)
    except (msgspec.DecodeError, KeyError) as error:
        raise InvalidEvent(f"not an event of the protocol: {data[:80]!r} ({error})") from error
