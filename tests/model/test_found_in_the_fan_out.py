"""What the machine has found in the fan-out of a node, each told by a feed, its mender and one follower."""

from collections.abc import Callable
from typing import cast

import pytest

from realtime.fan_out.audience import Wishes
from realtime.fan_out.broadcast import send_many
from realtime.fan_out.feed import Feed
from realtime.fan_out.flusher import Flusher
from realtime.fan_out.mender import Mender
from realtime.fan_out.outlet import Outlet
from realtime.fan_out.outlets import Outlets
from shared_events.answers import LogTail, Meta, Whole
from shared_events.checkpoint import Checkpoint, EpochStart
from shared_events.events import Event, JobStatus
from shared_events.ids import Epoch, JobId, new_epoch, new_job_id
from shared_events.log import JobLog
from tests.making import chunk, encoded, status

JOB, OLD, HEIR = new_job_id(), new_epoch(), new_epoch()


class ScriptedLog:
    """Holds `events` from `first` on, by the epochs that `begin` there; `on_read` happens in each read."""

    def __init__(self, *events: Event, begin: dict[Epoch, int], first: int = 1) -> None:
        self.on_read: Callable[[], None] = lambda: None
        self.reads = 0
        self.become(*events, begin=begin, first=first)

    def become(self, *events: Event, begin: dict[Epoch, int], first: int = 1) -> None:
        self._events = encoded(*events)
        starts = tuple(EpochStart(epoch, sequence) for epoch, sequence in begin.items())
        self._meta = Meta(
            epoch=starts[-1].epoch,
            epochs=starts,
            head=first - 1 + len(events),
            first=first,
            status=JobStatus.RUNNING,
            attempt=1,
            agent="",
            owner="",
            created_ms=0,
            closed=False,
        )

    async def read_after(self, _job_id: JobId, sequence: int) -> LogTail:
        meta, events = self._meta, self._events[max(0, sequence + 1 - self._meta.first) :]
        self._was_read()
        return LogTail(meta, events)

    async def whole(self, _job_id: JobId) -> Whole:
        meta, events = self._meta, self._events
        self._was_read()
        return Whole(meta, None, events)

    def _was_read(self) -> None:
        self.reads += 1
        self.on_read()


class Followed:
    """A feed of `log` with a mender, and a follower who polls."""

    def __init__(self, log: ScriptedLog) -> None:
        outlets = Outlets()
        flusher = Flusher(outlets, send_many)
        self.mender = Mender(cast("JobLog", log), subscribe=self._subscribe)
        self.feed = Feed(JOB, Wishes(flusher.due, flusher.flush, self.mender.mend))
        self.outlet = Outlet(outlets)

    async def follow(self) -> None:
        await self.mender.read(self.feed)
        self.come()

    def come(self) -> None:
        verdict = self.feed.verdict(None)
        assert verdict is not None
        self.feed.attach(self.outlet, verdict)
        self.read()

    def read(self) -> str:
        return "\n".join(self.outlet.take(100))

    def hear(self, epoch: Epoch, *events: Event) -> None:
        heading = f"{epoch} {events[0].sequence} {len(events)}".encode()
        self.feed.receive(b"\n".join([heading, *encoded(*events)]))

    async def mended(self) -> None:
        while self.mender._mending:
            (task,) = self.mender._mending.values()
            await task

    async def _subscribe(self, _feed: Feed) -> None:
        pass


BEGINNING = (status(JOB, 1, OLD), chunk(JOB, 2, "kept "))


async def test_a_log_that_loses_its_tail_while_it_is_read_resets_its_reader() -> None:
    """The end of the log was read, and did not do; then all of it, after a failover: what the first read
    had said was taken for true of the second. The client took the snapshot for old news, while its node
    went on from there."""
    log = ScriptedLog(*BEGINNING, chunk(JOB, 3, "lost "), begin={OLD: 1})
    followed = Followed(log)
    await followed.follow()
    log.become(chunk(JOB, 9, "trimmed "), begin={OLD: 1}, first=9)
    log.on_read = lambda: log.become(*BEGINNING, status(JOB, 3, HEIR), begin={OLD: 1, HEIR: 3})
    followed.feed.suspect()
    await followed.mended()
    assert '"reset":true' in followed.read()


async def test_an_event_of_an_epoch_that_was_succeeded_is_not_taken() -> None:
    """A node had read that another writer began after event 2, and heard event 3 of the one before, which
    its server had lost. It sent that on and called it the heir's: nobody who held it was ever reset."""
    followed = Followed(ScriptedLog(*BEGINNING, begin={OLD: 1, HEIR: 3}))
    await followed.follow()
    followed.hear(OLD, chunk(JOB, 3, "lost "))
    assert followed.feed.holed
    await followed.mended()
    assert followed.read() == ""
    assert followed.feed.verdict(Checkpoint(3, OLD), final=True) != followed.feed.verdict(Checkpoint(2, OLD))


async def test_what_the_log_has_lost_is_not_kept_once_another_epoch_goes_on_from_before_it() -> None:
    """Its writer was to say it again; but another one had the log by then, and what was lost became his."""
    log = ScriptedLog(*BEGINNING, chunk(JOB, 3, "lost "), begin={OLD: 1})
    followed = Followed(log)
    await followed.follow()
    log.become(*BEGINNING, begin={OLD: 1, HEIR: 3})
    await followed.mender.read(followed.feed)
    sent = followed.read()
    assert '"reset":true' in sent
    assert "lost" not in sent


async def test_a_message_that_is_stale_is_not_gone_through_after_every_read() -> None:
    """It asked for a read, was heard again after that, and so asked for another one: for ever."""
    log = ScriptedLog(*BEGINNING, begin={OLD: 1})
    followed = Followed(log)
    await followed.follow()
    log.become(*BEGINNING, status(JOB, 3, HEIR), begin={OLD: 1, HEIR: 3})
    followed.hear(OLD, chunk(JOB, 5, "of a log "), chunk(JOB, 6, "that was lost"))
    await followed.mended()
    assert log.reads == 2
    assert not followed.feed.holed


async def test_what_is_heard_while_the_log_is_read_is_sent_when_it_has_been() -> None:
    """It waited for the next message of the bus, which may never come."""
    log = ScriptedLog(*BEGINNING, begin={OLD: 1})
    followed = Followed(log)
    await followed.follow()
    log.on_read = lambda: followed.hear(OLD, chunk(JOB, 3, "heard meanwhile"))
    followed.feed.suspect()
    await followed.mended()
    assert "heard meanwhile" in followed.read()


async def test_a_feed_that_was_given_up_while_nobody_followed_is_mended_for_who_comes_back() -> None:
    """Nothing was read for nobody, and then nothing for anybody: what the bus brought was kept for a read
    that was never to come."""
    log = ScriptedLog(*BEGINNING, begin={OLD: 1})
    followed = Followed(log)
    await followed.follow()
    followed.feed.detach(followed.outlet)
    log.become(*BEGINNING, chunk(JOB, 3, "missed"), begin={OLD: 1})
    followed.feed.suspect()
    await followed.mended()
    assert followed.feed.holed
    followed.come()
    await followed.mended()
    assert "missed" in followed.read()


async def test_more_than_is_kept_while_the_log_is_read_is_read_after_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It was dropped, and found to be missing by a look at the log seconds later."""
    monkeypatch.setattr("realtime.fan_out.feed.HEARD_BYTES", 10)
    log = ScriptedLog(*BEGINNING, begin={OLD: 1})
    followed = Followed(log)
    await followed.follow()

    def write_on() -> None:
        log.on_read = lambda: None
        log.become(*BEGINNING, chunk(JOB, 3, "dropped"), begin={OLD: 1})
        followed.hear(OLD, chunk(JOB, 3, "dropped"))

    log.on_read = write_on
    followed.feed.suspect()
    await followed.mended()
    assert "dropped" in followed.read()
