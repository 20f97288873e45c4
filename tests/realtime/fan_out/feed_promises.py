"""What holds after every step, and how everything comes to a good end."""

from functools import partial
from typing import Final

from realtime.fan_out import feed as feed_module
from realtime.fan_out import outlet
from realtime.fan_out.feed import Feed
from shared_events.events import encode_event
from tests.realtime.fan_out.feed_moves import _end
from tests.realtime.fan_out.feed_world import Line, World
from tests.realtime.fan_out.lines import PLENTY
from tests.realtime.fan_out.scripted_log import JOB

ROUNDS: Final = 60
"""Of a second each: by then everybody must be whole."""


def check(world: World) -> None:
    for feed in world.hub.feeds:
        _check_feed(feed)
        world.met.note("due", bool(feed._due))
    lines = [person.line for person in world.people if person.line is not None]
    assert len(world.hub.outlets) == len(lines)
    for line in lines:
        line.watch()
        _check_line(line)
        world.met.note("congested", line.crowded)


def _check_feed(feed: Feed) -> None:
    assert sum(map(len, feed._heard)) <= feed_module.HEARD_BYTES
    assert len(feed._due) < feed_module.MOST_DUE
    assert all(not connection.closed for connection in feed.followers)
    live = [one for one in feed.followers.values() if one.live]
    assert list(feed.live.slots) == [one.outlet.slot for one in feed.live]
    assert sorted(map(id, live)) == sorted(map(id, feed.live))
    if feed.tail is not None:
        assert feed.sent == feed.tail.sequence - len(feed._due)
        assert feed.tail.size == sum(map(len, feed.tail._events)) + len(feed.tail._base or b"")


def _check_line(line: Line) -> None:
    connection = line.outlet
    if line.may_be_written_to:
        assert line.transport is not None, "a connection that polls has no descriptor"
        assert not connection.unsent, "something waits that would be overtaken"
        assert len(connection.followed) == 1
    follower = connection.followed.get(JOB)
    if follower is not None:
        feed = follower.feed
        assert feed.followers[connection] is follower
        stands = feed.sent if follower.live else follower.position.sequence
        assert line.witness.view.sequence == stands, "what was handed over is not what the feed believes"
    largest = len(encode_event(line.world.log.view().snapshot(reset=True)))
    assert connection.unsent <= outlet.HIGH_WATER_BYTES + feed_module.MOST_SENT_ON_BYTES + largest + 1500


def heal(world: World) -> None:
    """Nothing goes wrong any more, and the job ends: then everybody has it all, and nothing is left over."""
    for _ in range(ROUNDS):
        _let_everything_through(world)
        check(world)
        if _is_well(world):
            break
    assert _is_well(world), "somebody is not whole"
    for person in world.people:
        world.do(person.hang_up)
    for _ in range(8):
        _let_everything_through(world)
    assert not world.hub.feeds
    assert not world.hub.outlets.unsent


def _let_everything_through(world: World) -> None:
    log = world.log
    for person in world.people:
        if person.line is None and not person.page.view.ended:
            world.do(partial(person.connect, "websocket", PLENTY))
    if not log.now.closed:
        world.say(*[_end if log.has_begun else log.begins] * max(1, log.lost))
    for _ in range(4):
        while log.calls:
            world.do(lambda: world.answer(0, "deliver"))
        messages, world.bus.waiting[:] = list(world.bus.waiting), []
        world.do(partial(world.hear, messages))
        for person in world.people:
            _go_on(world, person.line)
    world.loop.advance(1.0)


def _go_on(world: World, line: Line | None) -> None:
    if line is None:
        return
    world.do(lambda: line.drain(PLENTY), lambda: line.poll(10**6))
    line.read()
    if (JOB not in line.outlet.followed and not line.person.page.view.ended) or line.person.page.deaf:
        world.do(line.ask)


def _is_well(world: World) -> bool:
    """Everybody has seen the job end (be it an end that a failover has lost since), and follows no more."""
    return world.log.now.closed and all(
        person.page.view.ended and (person.line is None or not person.line.outlet.followed)
        for person in world.people
    )
