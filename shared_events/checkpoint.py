"""From where a follower goes on: a delta of the log, or a snapshot. Pure.

A checkpoint `(epoch, sequence)` is good if the log's history contains it: its epoch is one of the
log's, that epoch had not yet been succeeded at its sequence, and the log still holds what follows.
"""

from typing import Final

import msgspec

from shared_events.ids import Epoch

MAX_EPOCHS: Final = 16
"""The log keeps its last epochs; a checkpoint of an older one gets a snapshot."""


class EpochStart(msgspec.Struct, frozen=True):
    """An epoch and the first sequence that it may write."""

    epoch: Epoch
    first: int


class Checkpoint(msgspec.Struct, frozen=True):
    """What a follower holds. Without an epoch only the sequence is known (and a reset is not noticed)."""

    sequence: int
    epoch: Epoch | None = None


class Reach(msgspec.Struct, frozen=True):
    """What the log can tell: its epochs, its oldest readable sequence and its head."""

    epochs: tuple[EpochStart, ...]
    first: int
    head: int

    @property
    def wrote(self) -> Epoch:
        """The epoch of the last event: one that has taken over since has written nothing yet.

        A checkpoint names no other. Until its first event an epoch may still begin elsewhere: its claim is
        repeated when the reply was lost, and the log may have lost its tail in between.
        """
        last = max(self.head, 1)
        return next(
            (start.epoch for start in reversed(self.epochs) if start.first <= last), self.epochs[0].epoch
        )

    def end_of(self, epoch: Epoch) -> int | None:
        """The last sequence that belongs to the history of `epoch`, or None for a foreign one."""
        successors = iter(self.epochs)
        for known in successors:
            if known.epoch == epoch:
                successor = next(successors, None)
                return self.head if successor is None else successor.first - 1
        return None


class Delta(msgspec.Struct, frozen=True):
    """Send the events after `sequence`."""

    sequence: int


class Snapshot(msgspec.Struct, frozen=True):
    """Send a snapshot; `reset` tells the follower that what it held was overtaken."""

    reset: bool


def resume(checkpoint: Checkpoint | None, reach: Reach) -> Delta | Snapshot:
    """How a follower that holds `checkpoint` goes on in a log of this `reach`."""
    if checkpoint is None:
        return Snapshot(reset=False)
    end = reach.head if checkpoint.epoch is None else reach.end_of(checkpoint.epoch)
    if end is None or checkpoint.sequence > end:
        return Snapshot(reset=True)
    if checkpoint.sequence < reach.first - 1:
        return Snapshot(
            reset=False
        )  # its events are gone, and a snapshot stands for them: nothing is overtaken
    return Delta(checkpoint.sequence)


def parse_epochs(text: str) -> tuple[EpochStart, ...]:
    """`"e1:1 e2:40"` as the log's meta keeps it."""
    return tuple(
        EpochStart(Epoch(epoch), int(first)) for epoch, first in (part.split(":") for part in text.split())
    )
