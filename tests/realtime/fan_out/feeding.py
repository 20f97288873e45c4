"""A feed without a hub: its log is read, and its followers flushed, when the test says so."""

from realtime.fan_out.audience import Wishes
from realtime.fan_out.broadcast import send_many
from realtime.fan_out.feed import Feed
from realtime.fan_out.flusher import Flusher
from realtime.fan_out.outlets import Outlets
from shared_events.answers import LogTail, Meta, Whole
from shared_events.checkpoint import Checkpoint, EpochStart
from shared_events.events import JobStatus, decode_event
from shared_events.ids import Epoch, JobId
from tests.making import chunk, encoded, status
from tests.realtime.fan_out.browser import Browser

JOB = JobId("0123456789abcdefghij")
E1, E2, E3 = (Epoch(letter * 12) for letter in "abc")


def words(first: int, *texts: str) -> list[bytes]:
    return encoded(*(chunk(JOB, first + n, text) for n, text in enumerate(texts)))


def meta_of(head: int, *epochs: EpochStart, first: int = 1, closed: bool = False) -> Meta:
    return Meta(
        epoch=epochs[-1].epoch,
        epochs=epochs,
        head=head,
        first=first,
        status=JobStatus.RUNNING,
        attempt=1,
        agent="chat",
        owner="dev",
        created_ms=1,
        closed=closed,
    )


FIRST = EpochStart(E1, 1)
BEGUN = [*encoded(status(JOB, 1, E1))]


class World:
    """A feed whose log is read when the test says so; `mends` counts how often that was asked for."""

    def __init__(self) -> None:
        self.mends = 0
        self.outlets = Outlets()
        self.flusher = Flusher(self.outlets, send_many)
        self.feed = Feed(JOB, Wishes(self.flusher.due, self.flusher.flush, self._mend))
        self.feed.adopt(self.whole(*BEGUN))

    def _mend(self, _feed: Feed) -> None:
        self.mends += 1

    def whole(self, *events: bytes, epochs: tuple[EpochStart, ...] = (FIRST,), first: int = 1) -> Whole:
        return Whole(meta_of(first + len(events) - 1, *epochs, first=first), None, list(events))

    def tail(self, after: int, *events: bytes, epochs: tuple[EpochStart, ...] = (FIRST,)) -> LogTail:
        return LogTail(meta_of(after + len(events), *epochs), list(events))

    def join(self, checkpoint: Checkpoint | None = None) -> Browser:
        browser = Browser(self.outlets)
        verdict = self.feed.verdict(checkpoint or Checkpoint(1, E1))
        assert verdict is not None
        self.feed.attach(browser.outlet, verdict)
        return browser

    def say(self, first: int, *events: bytes, epoch: Epoch = E1) -> None:
        self.hear(first, *events, epoch=epoch)
        self.flusher.flush(self.feed)

    def hear(self, first: int, *events: bytes, epoch: Epoch = E1) -> None:
        heading = f"{epoch} {first} {len(events)}\n".encode()
        self.feed.receive(heading + b"\n".join(events))


def sequences(events: list[bytes]) -> list[int]:
    return [decode_event(event).sequence for event in events]
