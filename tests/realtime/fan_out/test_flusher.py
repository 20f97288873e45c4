"""The flusher: at once while that is cheap, in windows when it is not, to each connection in its own way."""

import pytest

from realtime.fan_out import flusher as module
from realtime.fan_out.flusher import MOST_READS
from realtime.fan_out.outlet import Outlet
from shared_events.checkpoint import Delta
from tests.making import encoded, status
from tests.model.virtual_time import CLOCK, VirtualLoop
from tests.realtime.fan_out.browser import Browser
from tests.realtime.fan_out.feeding import E1, JOB, World, words
from tests.realtime.fan_out.lines import Lines, ScriptedTransport
from tests.realtime.fan_out.listener import Frames


class Node(World):
    """A followed job whose flushes cost what the test says (seconds of processor time)."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        super().__init__()
        self.loop = VirtualLoop()
        self.lines = Lines()
        self.cost_s = 0.0
        self._spent_s = 0.0
        self.flusher._send_many = self.lines.send_many
        patch.setattr(module, "perf_counter", CLOCK.monotonic)
        patch.setattr(module, "thread_time", self._thread_time)
        self._next = 2

    def _thread_time(self) -> float:
        self._spent_s += self.cost_s
        return self._spent_s

    def read(self, *, more: bool = False) -> None:
        """The bus brings the next event."""

        def bring() -> None:
            self.hear(self._next, *words(self._next, "x"))
            self._next += 1
            self.flusher.bus_read(more)

        self.loop.do(bring)

    def connect(self, *, room: int = 10**9, direct: bool = True) -> tuple[Outlet, ScriptedTransport]:
        outlet = Outlet(self.outlets)
        transport = self.lines.open(outlet.close, room=room)
        transport.blocked, transport.drained = outlet.blocked, outlet.drained

        def join() -> None:
            outlet.open_socket(transport, transport.descriptor if direct else -1)
            self.feed.attach(outlet, Delta(1))

        self.loop.do(join)
        return outlet, transport


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> Node:
    return Node(monkeypatch)


def test_cheap_flushes_do_not_wait(node: Node) -> None:
    browser = node.join()
    for _ in range(5):
        node.read()
        assert len(browser.read()) == 1


def test_after_a_dear_flush_the_next_waits_for_its_window_and_then_goes_out_in_one(node: Node) -> None:
    browser = node.join()
    node.cost_s = 0.04
    node.read()
    assert len(browser.read()) == 1
    for _ in range(3):
        node.read()
        assert browser.read() == []
    node.cost_s = 0.0
    node.loop.advance(0.009)
    assert browser.read() == []
    node.loop.advance(0.002)
    assert len(browser.read()) == 3
    node.read()
    assert len(browser.read()) == 1


def test_what_the_socket_still_has_goes_out_with_it_but_is_not_waited_for(node: Node) -> None:
    """A read of a full buffer may have been the last: its events waited for whatever the bus brought next."""
    browser = node.join()
    flushed: list[int] = []

    def burst() -> None:
        for n in range(2, 5):
            node.hear(n, *words(n, "x"))
            node.flusher.bus_read(True)
            flushed.append(len(browser.read()))

    node.loop.do(burst)
    assert flushed == [0, 0, 0]
    assert len(browser.read()) == 3


def test_a_bus_that_always_has_more_does_not_hold_up_for_ever(node: Node) -> None:
    browser = node.join()

    def read(sequence: int) -> None:
        node.hear(sequence, *words(sequence, "x"))
        node.flusher.bus_read(True)
        if not browser.outlet.unsent:
            node.loop.call_soon(read, sequence + 1)

    node.loop.do(lambda: read(2))
    assert 1 < len(browser.read()) <= MOST_READS + 3


@pytest.mark.parametrize("direct", [True, False])
def test_each_connection_gets_the_frames_in_its_own_way(node: Node, direct: bool) -> None:
    (_, one), (_, two) = node.connect(direct=direct), node.connect()
    node.read()
    node.read()
    assert bytes(one.received) == bytes(two.received)
    assert len(Frames().feed(bytes(one.received))) == 2


def test_who_takes_a_part_gets_the_rest_before_anything_else(node: Node) -> None:
    outlet, transport = node.connect(room=30)
    node.read()
    assert (len(transport.received), node.lines.partial_writes) == (30, 1)
    node.read()
    node.loop.do(lambda: outlet.send("2"))
    node.loop.do(transport.drain)
    *events, last = Frames().feed(bytes(transport.received))
    assert (len(events), last) == (2, "2")
    assert node.outlets.descriptors[outlet.slot] == transport.descriptor


def test_who_takes_nothing_more_falls_behind_and_holds_up_nobody(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("realtime.fan_out.outlet.HIGH_WATER_BYTES", 150)
    (full, transport), (_, free) = node.connect(room=0), node.connect()
    for _ in range(20):
        node.read()
    assert len(Frames().feed(bytes(free.received))) == 20
    assert full.unsent < 400
    assert [follower.outlet for follower in node.feed.lagging] == [full]
    node.loop.do(transport.drain)
    assert not node.feed.lagging
    assert '"sequence":21' in Frames().feed(bytes(transport.received))[-1]


def test_a_broken_connection_is_cut_and_hinders_nobody(node: Node) -> None:
    (broken, transport), (_, whole) = node.connect(), node.connect()
    transport.broken = True
    node.read()
    assert broken.closed
    assert len(node.feed.followers) == 1
    node.read()
    assert len(Frames().feed(bytes(whole.received))) == 2


def test_an_event_of_the_job_is_served_to_the_hidden_at_once(node: Node) -> None:
    browser = node.join()
    node.feed.hide(node.feed.followers[browser.outlet], hidden=True)
    node.read()
    assert browser.read() == []
    node.say(3, *encoded(status(JOB, 3, E1)))
    assert len(browser.read()) == 2


def test_a_feed_that_is_flushed_early_is_not_flushed_twice(node: Node) -> None:
    browser: Browser = node.join()
    node.hear(2, *words(2, "x"))
    node.flusher.flush(node.feed)
    node._next = 3
    node.read()
    assert len(browser.read()) == 2


def test_a_long_queue_goes_out_in_slices_with_the_bus_in_between(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A feed whose turn comes in a later slice sends all that it has by then."""
    monkeypatch.setattr(module, "SENT_AT_A_TIME", 1)
    monkeypatch.setattr(module, "SLICE_S", 0.0015)
    clock = iter(range(10**6))
    monkeypatch.setattr(module, "perf_counter", lambda: next(clock) * 0.001)
    first, second = node.join(), World()
    second.feed._wishes, second.outlets = node.feed._wishes, node.outlets
    other = second.join()
    counts: list[tuple[int, int]] = []

    def read() -> None:
        node.hear(2, *words(2, "x"))
        second.hear(2, *words(2, "x"))
        node.flusher.bus_read(False)
        counts.append((len(first.read()), len(other.read())))
        second.hear(3, *words(3, "x"))

    node.loop.do(read)
    assert counts == [(1, 0)]
    assert len(other.read()) == 2
