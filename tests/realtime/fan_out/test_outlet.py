"""An outlet: one way out in one order, over polls, over a websocket, and from one to the other."""

import asyncio

import pytest

from realtime.fan_out import outlet as module
from realtime.fan_out.audience import Wishes
from realtime.fan_out.batch import Batch
from realtime.fan_out.cursor import Position
from realtime.fan_out.feed import Feed
from realtime.fan_out.follower import Follower
from realtime.fan_out.outlet import Outlet
from realtime.fan_out.outlets import Outlets
from shared_events.ids import Epoch, JobId
from tests.realtime.fan_out.lines import Lines, ScriptedTransport
from tests.realtime.fan_out.listener import Frames

JOB, OTHER = JobId("0123456789abcdefghij"), JobId("abcdefghij0123456789")
PONG = bytes((0x8A, 0))


class Station:
    """A connection, and the feeds that it is served by: `served` counts how often."""

    def __init__(self) -> None:
        self.outlets = Outlets()
        self.outlet = Outlet(self.outlets)
        self.served = 0
        self.lost = 0
        self.transport: ScriptedTransport

    def follow(self, job_id: JobId = JOB) -> None:
        feed = Served(job_id, self)
        follower = Follower(feed, self.outlet, Position(Epoch("a" * 12), 0))
        feed.followers[self.outlet] = follower
        self.outlet.follow(job_id, follower)

    def open_socket(self, room: int = 10**9, *, deflates: bool = False) -> None:
        self.transport = Lines().open(self._lose, room=room)
        self.transport.blocked, self.transport.drained = self.outlet.blocked, self.outlet.drained
        self.outlet.open_socket(self.transport, 7, deflates=deflates)

    def _lose(self) -> None:
        self.lost += 1

    @property
    def descriptor(self) -> int:
        return self.outlets.descriptors[self.outlet.slot]

    def texts(self) -> list[str]:
        return Frames().feed(bytes(self.transport.received))


class Served(Feed):
    """Only counts."""

    def __init__(self, job_id: JobId, station: Station) -> None:
        super().__init__(job_id, Wishes(lambda _: None, lambda _: None, lambda _: None))
        self.station = station

    def serve(self, follower: Follower) -> None:
        self.station.served += 1


@pytest.fixture
async def station() -> Station:
    return Station()


async def tick() -> None:
    """Let the end of this tick of the loop come."""
    await asyncio.sleep(0)


async def test_polls_take_packets_and_events_in_the_order_in_which_they_were_put(station: Station) -> None:
    station.outlet.send("43ack")
    station.outlet.deliver(Batch([b"a", b"b"]))
    station.outlet.send("2")
    assert station.outlet.take(2) == ["43ack", "42a"]
    assert station.outlet.take(9) == ["42b", "2"]
    assert (station.outlet.take(9), station.outlet.unsent) == ([], 0)


async def test_a_poll_waits_until_something_waits(station: Station) -> None:
    poll = asyncio.create_task(station.outlet.arrival())
    await tick()
    assert not poll.done()
    station.outlet.deliver(Batch([b"a"]))
    await asyncio.wait_for(poll, 30)
    await asyncio.wait_for(station.outlet.arrival(), 30)


@pytest.mark.parametrize("what", ["close", "upgrade"])
async def test_a_poll_ends_with_what_it_polls(station: Station, what: str) -> None:
    """A poll that waited while the websocket was opened waited for as long as the connection lived."""
    poll = asyncio.create_task(station.outlet.arrival())
    await tick()
    station.outlet.close() if what == "close" else station.open_socket()
    await asyncio.wait_for(poll, 30)
    assert station.outlet.take(9) == []


async def test_a_tick_of_a_websocket_is_one_write(station: Station) -> None:
    station.open_socket()
    writes: list[bytes] = []
    station.transport.write = writes.append  # type: ignore[method-assign,assignment]
    station.outlet.send("2")
    station.outlet.deliver(Batch([b"a", b"b"]))
    assert writes == []
    await tick()
    assert [Frames().feed(write) for write in writes] == [["2", "42a", "42b"]]


async def test_the_order_holds_across_the_upgrade(station: Station) -> None:
    station.outlet.deliver(Batch([b"a", b"b", b"c"]))
    assert station.outlet.take(1) == ["42a"]
    station.open_socket()
    station.outlet.send("2")
    await tick()
    assert station.texts() == ["42b", "42c", "2"]


async def test_compressed_messages_go_to_who_takes_them_and_never_directly(station: Station) -> None:
    station.open_socket(deflates=True)
    station.follow()
    event = b'["model:chunk",{}]' * 100
    station.outlet.deliver(Batch([event, event]))
    await tick()
    assert station.texts() == [f"42{event.decode()}"] * 2
    assert len(station.transport.received) < len(event)
    assert station.descriptor == -1


async def test_others_may_write_only_where_nothing_waits_and_one_job_is_followed(station: Station) -> None:
    station.follow()
    assert station.descriptor == -1
    station.open_socket(room=10)
    assert station.descriptor == 7
    station.outlet.send("2")
    assert station.descriptor == -1
    await tick()
    assert station.descriptor == 7
    station.outlet.send("x" * 20)
    await tick()
    assert (station.descriptor, station.outlet.unsent) == (-1, 15)
    station.transport.drain()
    assert station.descriptor == 7
    station.follow(OTHER)
    assert station.descriptor == -1
    station.outlet.unfollow(JOB)
    assert station.descriptor == 7
    station.outlet.close()
    assert station.descriptor == -1


async def test_nothing_comes_between_the_halves_of_a_frame(station: Station) -> None:
    """The rest of what others had begun to write waited for the end of the tick, and a pong did not."""
    station.follow()
    station.open_socket(room=0)
    batch = Batch([b"abcdef"])
    station.transport.received += batch.messages[:4]
    station.outlet.put_rest(batch.messages, 4)
    station.transport.write(PONG)
    assert station.descriptor == -1
    station.transport.drain()
    await tick()
    assert bytes(station.transport.received) == batch.messages + PONG
    assert station.descriptor == 7


async def test_who_fell_behind_is_served_when_the_transport_has_drained(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HIGH_WATER_BYTES", 100)
    station.follow()
    station.open_socket(room=0)
    station.outlet.deliver(Batch([b"x" * 200]))
    await tick()
    assert (station.outlet.congested, station.served) == (True, 0)
    station.transport.drain()
    assert (station.outlet.congested, station.served) == (False, 1)


async def test_who_fell_behind_is_served_when_all_is_taken_at_once(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The transport held nothing and so never said that it had drained: a piece a second was sent."""
    monkeypatch.setattr(module, "HIGH_WATER_BYTES", 100)
    station.follow()
    station.open_socket()
    station.outlet.deliver(Batch([b"x" * 200]))
    assert (station.outlet.congested, station.served) == (True, 0)
    await tick()
    assert (station.outlet.congested, station.served) == (False, 1)


async def test_who_polls_and_fell_behind_is_served_once_there_is_room(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HIGH_WATER_BYTES", 100)
    station.follow()
    station.outlet.deliver(Batch([b"x" * 80, b"y" * 80]))
    assert station.outlet.congested
    station.outlet.take(1)
    assert (station.outlet.congested, station.served) == (False, 1)


async def test_a_connection_that_takes_nothing_for_long_has_stalled(station: Station) -> None:
    station.open_socket(room=0)
    began = station.outlet._moved_at
    assert not station.outlet.stalled(began + 100)
    station.outlet.send("x" * 100)
    await tick()
    assert not station.outlet.stalled(began + 120)
    station.transport.drain(room=10)
    assert not station.outlet.stalled(began + 140)
    assert not station.outlet.stalled(began + 140 + module.STALLED_S)
    assert station.outlet.stalled(began + 141 + module.STALLED_S)


async def test_a_closed_connection_takes_nothing_and_follows_nothing(station: Station) -> None:
    station.follow()
    station.follow(OTHER)
    station.open_socket()
    station.outlet.send("2")
    station.outlet.close()
    station.outlet.close()
    station.outlet.send("2")
    station.outlet.deliver(Batch([b"a"]))
    await tick()
    assert (station.texts(), station.outlet.unsent, station.outlet.followed) == ([], 0, {})
    assert (station.outlet.congested, station.outlet.take(9), len(station.outlets)) == (True, [], 0)


async def test_a_broken_descriptor_ends_the_connection(station: Station) -> None:
    station.open_socket()
    station.outlet.abort()
    await tick()
    assert station.lost == 1
