"""What a server holds of one job, and the rules by which it changes: `claim.lua` said in Python."""

import itertools
from collections.abc import Iterator
from enum import StrEnum

import msgspec

from shared_events import checkpoint
from shared_events.answers import Answer, Claimed, Look, Meta, Rest
from shared_events.checkpoint import EpochStart
from shared_events.events import JobSnapshot, JobStatus
from shared_events.ids import Epoch

RUN_OUT = 1
"""The lease of a writer that is not taken for alive any more."""
_stamps: Iterator[int] = itertools.count(2)


class Mode(StrEnum):
    CREATE = "create"
    START = "start"
    TAKE = "take"
    SETTLE = "settle"
    BURY = "bury"
    REMAKE = "remake"


class Stored(msgspec.Struct):
    """`lease` changes with every renewal; how long it holds is up to the model."""

    fields: dict[str, str] = {}
    request: bytes = b""
    epoch: Epoch = Epoch("")
    epochs: tuple[EpochStart, ...] = ()
    head: int = 0
    first: int = 1
    status: JobStatus = JobStatus.QUEUED
    attempt: int = 0
    closed: bool = False
    control: str = ""
    cancelled: bool = False
    runs: bool = False
    lease: int = 0
    losses: int = 0
    strays: int = 0
    spared: int = 0
    base: JobSnapshot | None = None
    entries: dict[int, bytes] = {}

    def copy(self) -> "Stored":
        return msgspec.structs.replace(self, entries=dict(self.entries), fields=dict(self.fields))

    @property
    def meta(self) -> Meta:
        return Meta(
            epoch=self.epoch,
            epochs=self.epochs,
            head=self.head,
            first=self.first,
            status=self.status,
            attempt=self.attempt,
            agent=self.fields.get("agent", ""),
            owner=self.fields.get("owner", ""),
            created_ms=0,
            closed=self.closed,
            publisher=self.fields.get("publisher", ""),
        )

    @property
    def look(self) -> Look:
        return Look(
            lease=str(self.lease),
            expired=self.lease == RUN_OUT,
            closed=self.closed,
            runs=self.runs,
            status=self.status,
            losses=self.losses,
            strays=self.strays,
            control=self.control,
            agent=self.fields.get("agent", ""),
            queue=self.fields.get("queue", ""),
            attempts=int(self.fields.get("attempts", 1)),
        )

    def claim(self, epoch: Epoch, mode: Mode, seen: str, fields: dict[str, str]) -> Claimed:
        """Give the job to `epoch`, unless something speaks against it."""
        before, refusal = self.epochs, self._refusal(epoch, mode, seen)
        if refusal is None:
            self._take_over(epoch, mode, fields)
        answer = refusal or Answer.OK
        return Claimed(answer, self.head, self.attempt, self.control, self.losses, self.spared, before)

    def renew(self) -> None:
        self.lease = next(_stamps)

    def rest(self, rest: Rest) -> None:
        self.runs = self.runs and rest is Rest.GOES_ON
        self.spared += rest is Rest.RETURNS
        self.closed = rest is Rest.CLOSES
        self.request = b"" if self.closed else self.request

    def _refusal(self, epoch: Epoch, mode: Mode, seen: str) -> Answer | None:
        """Why the job stays as it is; OK if it is the epoch's already."""
        if self.epochs and mode is Mode.TAKE and self.fields.get("publisher") != seen:
            return Answer.UNKNOWN
        if any(start.epoch == epoch for start in self.epochs):
            return Answer.OK if self.epoch == epoch else Answer.FENCED
        if not self.epochs:
            return None
        if mode is Mode.CREATE:
            return Answer.EXISTS
        if self.closed:
            return Answer.CLOSED
        return Answer.BUSY if self._is_busy(mode, seen) else None

    def _is_busy(self, mode: Mode, seen: str) -> bool:
        match mode:
            case Mode.START:
                return self.runs and self.lease != RUN_OUT
            case Mode.TAKE:
                return False
            case Mode.SETTLE:
                return self.runs
            case Mode.BURY:
                return str(self.lease) != seen
            case _:
                return self.epoch != seen

    def _take_over(self, epoch: Epoch, mode: Mode, fields: dict[str, str]) -> None:
        self.fields |= fields
        self.epoch = epoch
        self.epochs = (*self.epochs, EpochStart(epoch, self.head + 1))[-checkpoint.MAX_EPOCHS :]
        if mode in (Mode.START, Mode.TAKE):
            self.attempt += 1
        if mode is Mode.REMAKE:
            self.attempt = int(fields.get("attempt", self.attempt))
        if mode is Mode.BURY:
            self.losses += self.runs
            self.spared += self.runs
            self.strays += not self.runs
        self.runs = mode in (Mode.START, Mode.TAKE, Mode.REMAKE)
        self.renew()
