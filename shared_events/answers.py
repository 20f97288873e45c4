"""What the log's scripts answer, as structs."""

from enum import StrEnum
from typing import Any

import msgspec
from redis.exceptions import ResponseError

from shared_events.checkpoint import EpochStart, Reach, parse_epochs
from shared_events.errors import UnknownJob, UnreadableLog
from shared_events.events import JobStatus
from shared_events.ids import Epoch


class Answer(StrEnum):
    """What an append (or a claim) came to; `lua/append.lua` and `lua/claim.lua` tell each."""

    OK = "OK"
    DUP = "DUP"
    GAP = "GAP"
    FENCED = "FENCED"
    CLOSED = "CLOSED"
    UNKNOWN = "UNKNOWN"
    EXISTS = "EXISTS"
    BUSY = "BUSY"


class Rest(StrEnum):
    """What becomes of a job after a batch."""

    GOES_ON = ""
    CLOSES = "closes"
    WAITS = "waits"
    """For another attempt."""
    RETURNS = "returns"
    """As `WAITS`; the attempt that ends here does not count as failed."""


class Appended(msgspec.Struct, frozen=True):
    answer: Answer
    head: int
    """The log's last sequence; -1 if there is no log."""
    listeners: int
    """How many nodes heard the batch, or would have; -1 if there was nothing to hear."""
    control: str
    """What is asked of the job: JSON of a `contract.ControlRequest`, or empty."""


class Claimed(msgspec.Struct, frozen=True):
    answer: Answer
    head: int
    attempt: int
    control: str
    losses: int = 0
    """How many attempts died with their process, or fell silent."""
    spared: int = 0
    """How many attempts ended through no fault of the agent."""
    epochs: tuple[EpochStart, ...] = ()
    """The writers before this one."""


class Requested(msgspec.Struct, frozen=True):
    answer: Answer
    status: str
    attempt: int
    runs: bool = False
    """Whether an attempt is under way, which will see to it."""


class Meta(msgspec.Struct, frozen=True):
    """What a log says about itself."""

    epoch: Epoch
    epochs: tuple[EpochStart, ...]
    head: int
    first: int
    status: JobStatus
    attempt: int
    agent: str
    owner: str
    created_ms: int
    closed: bool
    publisher: str = ""
    """Of a job that is published from outside: by what its publisher is known."""

    @property
    def reach(self) -> Reach:
        return Reach(epochs=self.epochs, first=self.first, head=self.head)


class LogTail(msgspec.Struct, frozen=True):
    """The log's events after a sequence, as encoded by their writer, with the meta of that moment."""

    meta: Meta
    events: list[bytes]


class Whole(msgspec.Struct, frozen=True):
    """All that a log holds, with the meta of that moment."""

    meta: Meta
    base: bytes | None
    """A `JobSnapshot` as JSON."""
    events: list[bytes]


class Look(msgspec.Struct, frozen=True):
    """What a sweeper sees of an unfinished job."""

    lease: str
    """Changes with every renewal."""
    expired: bool
    """Whether the lease has run out by the clock of Redis, which may have been set."""
    closed: bool
    runs: bool
    """Whether an attempt is under way, or was when its process died."""
    status: str
    losses: int
    """How many attempts died with their process, or fell silent."""
    strays: int
    """How often it was lost while it waited."""
    control: str
    agent: str
    queue: str
    attempts: int
    """How many its agent may have."""


def appended(reply: list[Any]) -> Appended:
    answer, head, listeners, control = reply
    return Appended(Answer(answer.decode()), head, listeners, control.decode())


def claimed(reply: list[Any]) -> Claimed:
    answer, head, attempt, control, losses, spared, epochs = reply
    return Claimed(
        Answer(answer.decode()),
        head,
        attempt,
        control.decode(),
        losses,
        spared,
        parse_epochs(epochs.decode()),
    )


LOOKED_AT = ("lease", "closed", "runs", "status", "losses", "strays", "control", "agent", "queue", "attempts")
"""The fields of the meta hash that make a `Look`."""


def look(fields: list[bytes | None], now_ms: int) -> Look | None:
    """None for a job whose log is gone."""
    lease, closed, runs, status, losses, strays, control, agent, queue, attempts = (
        None if field is None else field.decode() for field in fields
    )
    if lease is None:
        return None
    return Look(
        lease=lease,
        expired=int(lease) < now_ms,
        closed=closed is not None,
        runs=runs is not None,
        status=status or "",
        losses=int(losses or 0),
        strays=int(strays or 0),
        control=control or "",
        agent=agent or "",
        queue=queue or "",
        attempts=int(attempts or 1),
    )


def head(reply: Any) -> tuple[Epoch, int] | None:
    """The epoch and the sequence of a log's last event; None for a log that is gone, or none at all."""
    if isinstance(reply, ResponseError) or None in reply:
        return None
    epochs, head = reply
    try:
        reach = Reach(epochs=parse_epochs(epochs.decode()), first=1, head=int(head))
        return reach.wrote, reach.head
    except (ValueError, IndexError):
        return None


def events(entries: list[tuple[bytes, list[bytes]]]) -> list[bytes]:
    """What the entries of a stream hold, as Redis sends them; not looked into. Raises `UnreadableLog`."""
    try:
        found = [event for _, (name, event) in entries if name == b"e"]
    except ValueError:  # more fields than one
        found = []
    sound = [event for event in found if event.startswith(b'["') and event.endswith(b"]")]
    if len(sound) < len(entries):
        raise UnreadableLog("The job's log has an entry that is no event.")
    return sound


def meta(fields: dict[bytes, bytes]) -> Meta:
    """Raises `UnknownJob` for an empty hash, `UnreadableLog`."""
    if b"epochs" not in fields:
        raise UnknownJob("There is no job of that id, or its log has expired.")
    try:
        return _meta(fields)
    except (KeyError, ValueError) as error:
        raise UnreadableLog(f"The meta hash of the job's log cannot be read: {error!r}.") from error


def _meta(fields: dict[bytes, bytes]) -> Meta:
    text = {name.decode(): value.decode() for name, value in fields.items()}
    return Meta(
        epoch=Epoch(text["epoch"]),
        epochs=_some(parse_epochs(text["epochs"])),
        head=int(text["head"]),
        first=int(text.get("first", 1)),
        status=JobStatus(text["status"]),
        attempt=int(text["attempt"]),
        agent=text.get("agent", ""),
        owner=text.get("owner", ""),
        created_ms=int(text["created"]),
        closed="closed" in text,
        publisher=text.get("publisher", ""),
    )


def _some(epochs: tuple[EpochStart, ...]) -> tuple[EpochStart, ...]:
    if not epochs:
        raise ValueError("a log without an epoch")
    return epochs
