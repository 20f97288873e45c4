"""What a writer has published and the log may not have yet. Pure: it decides, the writer sends.

Events are numbered when they are put in. Acknowledged ones stay for a while, so that a log that lost
its tail (a failover, a cut-off file) can be given the same events at the same sequences again.
"""

from collections import deque
from enum import Enum
from typing import Final

import msgspec

from shared_events.answers import Answer, Rest
from shared_events.events import JobStatus

BATCH_EVENTS: Final = 128
BATCH_BYTES: Final = 12 * 1024
"""A batch of this size still travels on the bus whole (`log.ANNOUNCE_BYTES`)."""
RETAINED_BYTES: Final = 24 * 1024
"""How much of the acknowledged tail stays to be replayed: more than a Redis that writes to disk every second
loses of a stream at reading pace. A faster one that loses more is written anew."""


class Entry(msgspec.Struct, frozen=True):
    """An encoded event; `status` if it changes the job's, `rest` if it is the writer's last."""

    data: bytes
    status: JobStatus | None = None
    rest: Rest = Rest.GOES_ON


class Batch(msgspec.Struct, frozen=True):
    """What goes out next, after the sequence `previous`."""

    previous: int
    events: list[bytes]
    status: JobStatus | None
    rest: Rest = Rest.GOES_ON


class Next(Enum):
    """What an answer asks of the writer."""

    GO_ON = "go on"
    REWRITE = "rewrite"
    """The log lost more than is retained: write the job anew under another epoch."""
    FENCED = "fenced"
    CLOSED = "closed"


class Outbox:
    """Events from sequence `first` on; those up to `acknowledged` are in the log."""

    def __init__(self, head: int) -> None:
        self.acknowledged = head
        self._first = head + 1
        self._entries: deque[bytes] = deque()
        # By sequence, for the few that have a status: events take most of the memory of many streams.
        self._marks: dict[int, Entry] = {}
        self._retained_bytes = 0
        self.unsent_bytes = 0

    @property
    def last(self) -> int:
        """The sequence of the newest event."""
        return self._first + len(self._entries) - 1

    @property
    def idle(self) -> bool:
        return self.acknowledged == self.last

    def put(self, entry: Entry) -> None:
        self._entries.append(entry.data)
        self.unsent_bytes += len(entry.data)
        if entry.status is not None or entry.rest is not Rest.GOES_ON:
            self._marks[self.last] = entry

    def batch(self) -> Batch:
        """The next events that are not acknowledged; none at all when idle."""
        events: list[bytes] = []
        size, status, rest = 0, None, Rest.GOES_ON
        start = self.acknowledged + 1 - self._first
        for index in range(start, min(len(self._entries), start + BATCH_EVENTS)):
            data = self._entries[index]
            if events and size + len(data) > BATCH_BYTES:
                break
            events.append(data)
            size += len(data)
            if (mark := self._marks.get(self._first + index)) is not None:
                status, rest = mark.status or status, mark.rest
        return Batch(previous=self.acknowledged, events=events, status=status, rest=rest)

    def discard_unsent(self) -> None:
        """Forget what is not in the log: the next event follows on the last that is."""
        while self.last > self.acknowledged:
            self._marks.pop(self.last, None)
            self._entries.pop()
        self.unsent_bytes = 0

    def settle(self, answer: Answer, head: int) -> Next:
        """Take the log's answer to the last batch; `head` is the log's last sequence."""
        match answer:
            case Answer.OK | Answer.DUP if head <= self.last:
                self._acknowledge(head)
                return Next.GO_ON
            case Answer.CLOSED if head == self.last:
                # The reply to our own terminal event was lost, and this answers its repetition.
                self._acknowledge(head)
                return Next.GO_ON
            case Answer.GAP if head >= self._first - 1:
                self._acknowledge(head)
                return Next.GO_ON
            case Answer.GAP:
                return Next.REWRITE
            case Answer.CLOSED:
                return Next.CLOSED
        return Next.FENCED

    def _acknowledge(self, head: int) -> None:
        """Move the border between sent and unsent to `head`: forward as a rule, back after a gap."""
        step = 1 if head > self.acknowledged else -1
        for sequence in range(self.acknowledged, head, step):
            size = len(self._entries[sequence + (step > 0) - self._first])
            self._retained_bytes += step * size
            self.unsent_bytes -= step * size
        self.acknowledged = head
        while self._retained_bytes > RETAINED_BYTES:
            self._retained_bytes -= len(self._entries.popleft())
            self._marks.pop(self._first, None)
            self._first += 1
