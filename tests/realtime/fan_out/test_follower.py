"""The live followers: a set, and beside it the slots to send to."""

from hypothesis import given
from hypothesis import strategies as st

from realtime.fan_out.audience import Wishes
from realtime.fan_out.cursor import Position
from realtime.fan_out.feed import Feed
from realtime.fan_out.follower import Follower, LiveSet
from realtime.fan_out.outlet import Outlet
from realtime.fan_out.outlets import Outlets
from shared_events.ids import Epoch, JobId

JOB = JobId("0123456789abcdefghij")
NOBODY = Wishes(lambda _: None, lambda _: None, lambda _: None)


def followers(count: int) -> list[Follower]:
    outlets = Outlets()
    feed = Feed(JOB, NOBODY)
    return [Follower(feed, Outlet(outlets), Position(Epoch("a" * 12), 0)) for _ in range(count)]


@given(st.lists(st.integers(0, 7)))
def test_it_is_a_set_whose_slots_are_those_of_its_followers(toggled: list[int]) -> None:
    everybody, live, expected = followers(8), LiveSet(), set[Follower]()
    for index in toggled:
        follower = everybody[index]
        (live.remove if follower.live else live.add)(follower)
        expected ^= {follower}
        assert set(live) == expected
        assert len(live) == len(live.slots) == len(expected)
        assert [one.outlet.slot for one in live] == list(live.slots)
        assert {one for one in everybody if one.live} == expected


def test_followers_may_go_while_all_are_looked_at() -> None:
    live = LiveSet()
    for follower in followers(5):
        live.add(follower)
    for follower in live:
        live.remove(follower)
    assert (len(live), list(live.slots)) == (0, [])
