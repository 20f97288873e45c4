"""A followed job on this node: what the bus and the log bring goes into its tail, and to its followers.

Nothing here waits or does I/O: the mender reads the log, the flusher sends.
"""

from typing import Final

from realtime.fan_out.audience import Audience, Wishes
from realtime.fan_out.cursor import Position, behind, step
from realtime.fan_out.outlet import Outlet
from realtime.fan_out.tail import OF_THE_JOB, Tail
from shared_events.answers import LogTail, Whole
from shared_events.checkpoint import Checkpoint, Delta, Snapshot, resume
from shared_events.ids import JobId
from shared_events.message import BusMessage, parse_message

MOST_DUE: Final = 64
"""With so many events due, the next flush is not waited for."""
MOST_SENT_ON_BYTES: Final = 64 * 1024
"""More from the log than this is not for all at once: each follower gets it as it can take it."""
HEARD_BYTES: Final = 256 * 1024
"""As much of what the bus brings is kept while the log is read; beyond that it is read once more."""


class Feed(Audience):
    """Goes on with the bus as long as that brings the next event, and with the log where it does not."""

    __slots__ = ("_heard", "_heard_bytes", "_known", "_seen", "holed")

    def __init__(self, job_id: JobId, wishes: Wishes) -> None:
        super().__init__(job_id, wishes)
        self.holed = False
        """Whether the bus has skipped something: what it brings waits until the log has been read."""
        self._known: Position | None = None
        self._seen = -1
        self._heard: list[bytes] = []
        self._heard_bytes = 0

    @property
    def lacks_log(self) -> bool:
        """Whether the log must be read: its end if the feed is `holed`, and all of it if it `wants_all`."""
        return self.holed or self.wants_all

    def receive(self, data: bytes) -> None:
        """Take a message of the bus. Raises `InvalidEvent` for what is none."""
        tail = self.tail
        if tail is not None and not self.holed:
            # One next event of the same epoch, as nearly all are: `step` would say the same of it.
            epoch, _, rest = data.partition(b" ")
            first, _, rest = rest.partition(b" 1\n")
            if rest and epoch == tail.open_epoch and first == b"%d" % (tail.sequence + 1):
                self._take(tail, rest)
                return
        self._receive_any(data)

    def compare(self, head: Position) -> None:
        """The log stands at `head` now. Who has not got to where it stood last time has missed something."""
        known, self._known = self._known, head
        if known is not None and self.tail is not None and behind(self.tail.position, known):
            self.suspect()

    def quiet(self) -> bool:
        """Whether it has heard nothing new since it was last asked; who hears something finds a hole."""
        seen, self._seen = self._seen, -1 if self.tail is None else self.tail.sequence
        return self._seen == seen

    def suspect(self) -> None:
        """The bus may have lost something: go on from what the log has."""
        self.holed = True
        self._wishes.mend(self)

    def about_to_read(self) -> None:
        """What the bus has brought so far is in the log, or is not true any more: the read says which."""
        self._heard, self._heard_bytes = [], 0

    def learn(self, read: LogTail) -> bool:
        """Go on with what the log has after the tail; False if more of the log is needed for that."""
        tail = self.tail
        if tail is None or not isinstance(_go_on(tail, read), Delta):
            return False
        if tail.sequence + len(read.events) != read.meta.head:
            return False  # the tail has moved since the read began
        self._wishes.flush(self)
        tail.extend(read.events, read.meta.reach)
        self._send_on(tail, read.events)
        self._mended()
        return True

    def adopt(self, whole: Whole, *, at_any_price: bool = False) -> bool:
        """Take what the log has for the tail; False if it has lost what its writer may yet say again."""
        self._wishes.flush(self)
        self.wants_all = False
        old, new = self.tail, Tail(self.job_id, whole)
        if old is None:
            self.tail = new
        elif isinstance(_go_on(old, whole), Delta):
            self.tail = new
            self._send_on(new, new.newer_than(old.sequence) or [])
        elif _cut_off(old, new) and not at_any_price:
            return self._adopt_shorter(old, new)
        else:
            self._begin_anew(old, new)
        self._mended()
        return True

    def attach(self, outlet: Outlet, verdict: Delta | Snapshot) -> None:
        Audience.attach(self, outlet, verdict)
        if self.lacks_log:
            self._wishes.mend(self)  # it was given up while nobody followed

    def want(self) -> None:
        """Have all of the log read with the next read."""
        self.wants_all = True

    def _take(self, tail: Tail, event: bytes) -> None:
        if event[2] == OF_THE_JOB:
            tail.note(event)
            self.urgent = True
        tail.add(event)
        due = self._due
        if due:
            due.append(event)
            if len(due) >= MOST_DUE:
                self._wishes.flush(self)
        elif self.live.slots or self.urgent:
            due.append(event)
            self._wishes.due(self)

    def _receive_any(self, data: bytes) -> None:
        message = parse_message(data)
        if self.tail is None or self.holed:
            self._keep(data)
        elif not self._go(self.tail, message):
            self._keep(data)
            self.suspect()

    def _keep(self, data: bytes) -> None:
        self._heard_bytes += len(data)
        if self._heard_bytes <= HEARD_BYTES:
            self._heard.append(data)

    def _go(self, tail: Tail, message: BusMessage) -> bool:
        """Take what is new in `message`; False if the log must be read first."""
        made = step(tail.position, message)
        if made is None or (made.events and not tail.open_epoch):
            return False
        for event in made.events:
            self._take(tail, event)
        return True

    def _mended(self) -> None:
        """The log has been read: go on with what the bus has brought meanwhile."""
        self.holed = False
        heard, kept_all = self._heard, self._heard_bytes <= HEARD_BYTES
        self._heard, self._heard_bytes = [], 0
        for data in heard:
            self.receive(data)
        self._wishes.flush(self)
        self.serve_all()
        if not kept_all:
            self.suspect()

    def _send_on(self, tail: Tail, events: list[bytes]) -> None:
        """Events that `tail` has taken already: to all at once or, if many, as each can take them."""
        if sum(map(len, events)) > MOST_SENT_ON_BYTES:
            self._set_back(tail.position_at(tail.sequence - len(events)))
            return
        self._due += events
        self.urgent = self.urgent or bool(events)
        self._wishes.flush(self)

    def _adopt_shorter(self, old: Tail, new: Tail) -> bool:
        newer = old.newer_than(new.sequence)
        self.wants_all = newer is None
        if newer is None or self.holed:
            return False
        new.extend(newer, old.reach)
        self.tail = new
        self._mended()
        return True

    def _begin_anew(self, old: Tail, new: Tail) -> None:
        """The log is not what was followed: everybody is looked at anew."""
        self._set_back(old.position)
        self.tail = new


def _go_on(tail: Tail, read: LogTail | Whole) -> Delta | Snapshot:
    return resume(Checkpoint(tail.sequence, tail.epoch), read.meta.reach)


def _cut_off(old: Tail, new: Tail) -> bool:
    """Whether `new` has lost the end of `old`, and who wrote that may yet say it again."""
    return new.sequence < old.sequence and new.open_epoch == old.epoch.encode()
