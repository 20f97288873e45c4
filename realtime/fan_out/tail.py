"""The end of a job's log, as a node keeps it while somebody follows the job. Pure.

It begins with a read of the log, grows with what the bus brings, and forgets its oldest events. What
it holds answers those who join, come back or fall behind, without another read.
"""

from typing import Final

import msgspec

from realtime.fan_out.batch import Batch
from realtime.fan_out.cursor import Position
from realtime.fan_out.merge import Said, merged, said
from shared_events.answers import Whole
from shared_events.checkpoint import Checkpoint, Delta, Reach, Snapshot, resume
from shared_events.events import JobSnapshot, JobStatus, decode_event, encode_event, ends_job, status_after
from shared_events.fold import JobView, fold
from shared_events.ids import JobId

PIECE_BYTES: Final = 64 * 1024
"""About as much is sent at a time to somebody who catches up."""
USED_BYTES: Final = 4 * 1024 * 1024
"""As much is not forgotten while somebody makes use of it."""
_KEPT_PIECES: Final = 16
OF_THE_JOB: Final = ord("j")
"""The third byte of every event of a job's state, as of `["job:status",…`; `model:…` has another."""


class Piece(msgspec.Struct, frozen=True):
    """What to send next, and up to which sequence that leads."""

    batch: Batch
    sequence: int
    full: bool = False
    """Whether it ends for its size: then it is the same whatever comes behind it."""

    def leads_to(self, upto: int) -> bool:
        """Whether it is the first piece on the way to `upto`."""
        return self.sequence == upto or (self.full and self.sequence < upto)


class Tail:
    """The events up to `sequence`, of which `epoch` wrote the last. `size`: bytes that are held."""

    __slots__ = (
        "_base", "_epochs", "_events", "_looked_at", "_pieces", "_shown", "_used", "_view", "complete",
        "ended", "epoch", "job_id", "open_epoch", "sequence", "size", "status",
    )  # fmt: skip

    def __init__(self, job_id: JobId, whole: Whole) -> None:
        meta = whole.meta
        self.job_id = job_id
        self.epoch = meta.reach.wrote
        self.sequence = meta.head
        self.status: JobStatus = meta.status
        self.ended = meta.closed
        self.complete = True
        """Whether it reaches back as far as the log does: only then it can make a snapshot."""
        self._epochs = meta.epochs
        self.open_epoch = self._open_epoch()
        """Whose events may follow; empty once another epoch has the log and has yet to write."""
        self._base = whole.base
        self._events = list(whole.events)
        self.size = sum(map(len, self._events)) + len(whole.base or b"")
        self._looked_at: dict[int, Said] = {}
        self._view: JobView | None = None
        self._used = False
        self._pieces: dict[int, Piece] = {}
        self._shown: dict[tuple[int, bool], Piece] = {}

    @property
    def first(self) -> int:
        """The first sequence that is held."""
        return self.sequence - len(self._events) + 1

    @property
    def position(self) -> Position:
        return Position(self.epoch, self.sequence)

    def position_at(self, sequence: int) -> Position:
        """Where somebody stands who has got everything up to `sequence`."""
        return Position(Reach(epochs=self._epochs, first=1, head=sequence).wrote, sequence)

    def add(self, event: bytes) -> None:
        """Take the next event of the same epoch; one that is `OF_THE_JOB` must have been noted."""
        self._events.append(event)
        self.size += len(event)
        self.sequence += 1

    def note(self, event: bytes) -> None:
        """Go by what an event says of the job's state. Raises `InvalidEvent`."""
        self.status = status_after(event) or self.status
        self.ended = ends_job([event])

    def extend(self, events: list[bytes], reach: Reach) -> None:
        """Take what a log of this `reach` has after the head."""
        for event in events:
            if event[2] == OF_THE_JOB:
                self.note(event)
            self.add(event)
        self._epochs, self.epoch = reach.epochs, reach.wrote
        self.open_epoch = self._open_epoch()

    @property
    def reach(self) -> Reach:
        return Reach(epochs=self._epochs, first=self.first, head=self.sequence)

    def resume(self, checkpoint: Checkpoint | None) -> Delta | Snapshot:
        """How somebody with `checkpoint` goes on, by what is held here."""
        return resume(checkpoint, self.reach)

    def newer_than(self, sequence: int) -> list[bytes] | None:
        """The events after `sequence`; None if the first of them is not held any more."""
        if sequence < self.first - 1:
            return None
        return self._events[sequence + 1 - self.first :]

    def piece(self, after: int, upto: int) -> Piece:
        """What follows `after`, chunks merged, as far as `upto` or a piece goes; it must be held."""
        self._used = True
        found = self._pieces.get(after)
        if found is None or not found.leads_to(upto):
            if len(self._pieces) >= _KEPT_PIECES:
                self._pieces.clear()
            found = self._pieces[after] = self._cut(after, upto)
        return found

    def shortest(self, after: int, upto: int) -> Piece:
        """What leads from `after` towards `upto` in the fewest bytes: a piece, or a snapshot."""
        piece = self.piece(after, upto)
        if piece.sequence == upto or not self.complete:
            return piece
        snapshot = self.snapshot(upto, reset=False)
        return snapshot if snapshot.batch.size <= piece.batch.size else piece

    def snapshot(self, upto: int, *, reset: bool) -> Piece:
        """The event that shows the job as it was after `upto`, at which snapshots never go back."""
        self._used = True
        shown = self._shown.get((upto, reset))
        if shown is None:
            self._shown = {(upto, reset): Piece(Batch([self._show(upto, reset=reset)]), upto)}
            shown = self._shown[upto, reset]
        return shown

    def _open_epoch(self) -> bytes:
        return self.epoch.encode() if self._epochs[-1].epoch == self.epoch else b""

    def _show(self, upto: int, *, reset: bool) -> bytes:
        view = self._view
        if view is None:
            base = msgspec.json.decode(self._base, type=JobSnapshot) if self._base else None
            view = self._view = fold(self.job_id, (), base=base)
        skipped = max(0, view.sequence + 1 - self.first)
        for event in self._events[skipped : max(skipped, upto + 1 - self.first)]:
            view.receive(decode_event(event))
        view.epoch = self.position_at(upto).epoch
        return encode_event(view.snapshot(reset=reset))

    def forget(self, limit: int, *, used: int = USED_BYTES) -> None:
        """Let go of what was made for those who come together, and of events beyond about `limit` bytes.

        If somebody was served since the last time, of events beyond `used` bytes only: they come in crowds.
        """
        was_used, self._used = self._used, False
        if was_used:
            limit = max(limit, used)
            if self.size <= limit:
                return
        self._view = None
        self._looked_at.clear()
        self._pieces.clear()
        self._shown.clear()
        if self.size > limit:
            self._drop_base()
        forgotten = 0
        while self.size > limit and forgotten < len(self._events):
            self.size -= len(self._events[forgotten])
            forgotten += 1
        del self._events[:forgotten]

    def _drop_base(self) -> None:
        """The oldest goes first: without it no snapshot can be made."""
        self.complete = False
        self.size -= len(self._base or b"")
        self._base = None

    def _cut(self, after: int, upto: int) -> Piece:
        begin = after + 1 - self.first
        events: list[bytes] = []
        size, sequence = 0, after
        looked_at = (self._look(after + 1 + n, self._events[begin + n]) for n in range(upto - after))
        for event, count in merged(looked_at):
            events.append(event)
            size, sequence = size + len(event), sequence + count
            if size >= PIECE_BYTES:
                return Piece(Batch(events), sequence, full=True)
        return Piece(Batch(events), sequence)

    def _look(self, sequence: int, event: bytes) -> Said:
        found = self._looked_at.get(sequence)
        if found is None:
            found = self._looked_at[sequence] = said(event)
        return found
