"""When a job's log is compacted, and what then stands for its older part. Pure: the writer tells the log."""

from typing import Final

import msgspec

from shared_events.events import JobSnapshot
from shared_events.fold import JobView

COMPACT_BYTES: Final = 24 * 1024
"""The log is compacted when its tail has grown by this, and by the size of the last snapshot."""
KEPT_AT_THE_END: Final = 64
"""Events that stay in the log of a job that has ended: to those who miss more a snapshot is shorter."""


class Cut(msgspec.Struct, frozen=True):
    """`base` stands for what it has seen; the events before `keep_from` go."""

    base: JobSnapshot
    keep_from: int


class Compaction:
    """Of one writer's log. The events since the snapshot before the last one stay, for recent checkpoints."""

    def __init__(self, head: int = 0, *, text_length: int = 0) -> None:
        self._base: JobSnapshot | None = None
        self._keep_from = head + 1
        self._grown_bytes = 0
        self._due_at_bytes = max(COMPACT_BYTES, text_length)

    def grow(self, size_bytes: int) -> None:
        self._grown_bytes += size_bytes

    def due(self, view: JobView, acknowledged: int) -> Cut | None:
        """What to cut now, if anything: all that the snapshot has seen must be in the log."""
        if self._base is None and self._grown_bytes >= self._due_at_bytes:
            self._base = view.snapshot(reset=False)
            self._grown_bytes = 0
        if self._base is None or self._base.sequence > acknowledged:
            return None
        return Cut(self._base, self._keep_from)

    def done(self, cut: Cut) -> None:
        self._base, self._keep_from = None, cut.base.sequence + 1
        self._due_at_bytes = max(COMPACT_BYTES, len(cut.base.text))


def last_cut(view: JobView) -> Cut | None:
    """For a log whose writer is through: all but the end of a job that is over."""
    keep_from = view.sequence - KEPT_AT_THE_END + 1
    return Cut(view.snapshot(reset=False), keep_from) if view.ended and keep_from > 1 else None
