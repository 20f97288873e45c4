"""A feed: who gets what when the bus, the log and slow connections disagree."""

import asyncio

import pytest

from realtime import outlet as outlet_module
from realtime.cursor import Position
from realtime.feed import Feed, Reading
from realtime.outlet import CountedQueue, Outlet
from shared_events.ids import Epoch, JobId
from shared_events.message import BusMessage

JOB = JobId("0123456789abcdefghij")
E1, E2 = Epoch("a" * 12), Epoch("b" * 12)


class Browser:
    """A connection whose sent events can be looked at."""

    def __init__(self) -> None:
        self.queue = CountedQueue()
        self.queue.batch = None
        self.closed = 0
        self.outlet = Outlet(self.queue, close=self._close)

    def _close(self) -> None:
        self.closed += 1

    def read(self) -> list[bytes]:
        return [self.queue.get_nowait().data[1:].encode() for _ in range(self.queue.qsize())]


class World:
    """A feed and a log, without Redis: `mend` does what the hub does after a read."""

    def __init__(self) -> None:
        self.asked = 0
        self.feed = Feed(JOB, on_lagging=self._lagging)

    def _lagging(self, _feed: Feed) -> None:
        self.asked += 1

    def reading(self, first: int, *events: bytes, epoch: Epoch = E1, heard: int | None = None) -> Reading:
        position = Position(epoch, first + len(events) - 1)
        return Reading(list(events), position, ended=False, heard=self.feed.heard if heard is None else heard)

    def join(self, at: int = 0, epoch: Epoch = E1) -> Browser:
        browser = Browser()
        self.feed.attach(browser.outlet, self.reading(at + 1, epoch=epoch))
        return browser

    def say(self, first: int, *events: bytes, epoch: Epoch = E1) -> None:
        self.feed.receive(BusMessage(epoch, first, first + len(events) - 1, list(events)))

    def mend(self, reading: Reading) -> None:
        for follower in self.feed.lagging:
            self.feed.resume(follower, reading)


@pytest.fixture
def world() -> World:
    return World()


def test_live_followers_share_one_packet(world: World) -> None:
    one, two = world.join(), world.join()
    world.say(1, b"a", b"b")
    assert one.queue.get_nowait() is two.queue.get_nowait()
    assert one.read() == two.read() == [b"b"]


def test_a_follower_ahead_of_the_bus_gets_nothing_twice(world: World) -> None:
    behind, ahead = world.join(0), world.join(1)
    world.say(1, b"a", b"b")
    assert (behind.read(), ahead.read()) == ([b"a", b"b"], [b"b"])


def test_after_a_hole_a_follower_waits_for_the_log_and_misses_nothing(world: World) -> None:
    browser = world.join()
    world.say(3, b"c")
    assert (browser.read(), world.asked) == ([], 1)
    world.say(4, b"d")
    world.mend(world.reading(1, b"a", b"b", b"c", b"d"))
    world.say(5, b"e")
    assert browser.read() == [b"a", b"b", b"c", b"d", b"e"]


def test_what_the_bus_brings_during_the_read_is_added_to_it(world: World) -> None:
    browser = world.join()
    world.say(2, b"b")
    reading = world.reading(1, b"a", b"b")
    world.say(3, b"c")
    world.mend(reading)
    assert browser.read() == [b"a", b"b", b"c"]


def test_messages_from_before_the_read_do_not_disturb_a_new_epoch(world: World) -> None:
    """An old epoch's message in the tail used to send the follower to the log again, for ever."""
    world.join()
    world.say(1, b"a")
    late = world.join(1, epoch=E2)
    asked = world.asked
    world.say(2, b"b", epoch=E2)
    assert (late.read(), world.asked) == (
        [b"b"],
        asked + 1,
    )  # the first follower reads the log, this one need not


def test_hearing_more_than_is_kept_means_another_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realtime.feed.TAIL_MESSAGES", 2)
    browser = world.join()
    world.say(2, b"b")
    reading = world.reading(1, b"a", b"b")
    for n in range(3, 8):
        world.say(n, b"%d" % n)
    asked = world.asked
    world.mend(reading)
    assert (browser.read(), world.asked) == ([b"a", b"b"], asked + 1)


def is_congested(browser: Browser) -> bool:
    return browser.outlet.congested


def test_a_reader_that_does_not_read_is_not_sent_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlet_module, "HIGH_WATER_BYTES", 100)
    slow, quick = world.join(), world.join()
    for n in range(1, 50):
        world.say(n, b"x" * 50)
        quick.read()
    assert slow.queue.waiting_bytes < 200
    assert is_congested(slow)
    held = slow.read()
    assert not is_congested(slow)
    world.mend(world.reading(len(held) + 1, *[b"x" * 50] * (49 - len(held))))
    assert len(held) + len(slow.read()) == 49


def test_a_connection_that_takes_nothing_for_long_has_stalled(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    browser = Browser()
    assert not stalled_at(browser, now, 100)
    browser.outlet.send([outlet_module.frame(b"a"), outlet_module.frame(b"b")])
    assert not stalled_at(browser, now, 101)
    assert not stalled_at(browser, now, 120)
    browser.queue.get_nowait()
    assert not stalled_at(browser, now, 149)
    assert stalled_at(browser, now, 180)
    browser.queue.get_nowait()
    assert not stalled_at(browser, now, 300)


def stalled_at(browser: Browser, now: list[float], moment: float) -> bool:
    now[0] = moment
    return browser.outlet.stalled()


async def test_a_poll_takes_no_more_than_a_client_accepts() -> None:
    queue = CountedQueue()
    for n in range(40):
        queue.put_nowait(outlet_module.frame(b"%d" % n))
    taken = [await queue.get()]
    with pytest.raises(asyncio.QueueEmpty):
        while True:
            taken.append(queue.get_nowait())
    assert len(taken) == outlet_module.POLL_PACKETS


def test_the_terminal_event_lets_followers_go(world: World) -> None:
    browser = world.join()
    world.say(1, b'["job:completed",{}]')
    assert browser.read() == [b'["job:completed",{}]']
    assert world.feed.idle
    assert not browser.outlet.followed


def test_a_lost_last_message_is_found_by_comparing_twice(world: World) -> None:
    world.join()
    world.feed.compare(Position(E1, 1))
    assert world.asked == 0
    world.feed.compare(Position(E1, 1))
    assert world.asked == 1


def test_a_follower_that_left_during_the_read_gets_nothing(world: World) -> None:
    browser = world.join()
    world.say(2, b"b")
    follower = world.feed.lagging[0]
    world.feed.detach(browser.outlet)
    world.feed.resume(follower, world.reading(1, b"a", b"b"))
    assert browser.read() == []


def test_joining_again_goes_on_from_the_new_checkpoint(world: World) -> None:
    browser = world.join()
    world.say(1, b"a")
    browser.read()
    world.feed.attach(browser.outlet, world.reading(1, b"a"))
    world.say(2, b"b")
    assert browser.read() == [b"a", b"b"]
    assert len(world.feed.followers) == 1
