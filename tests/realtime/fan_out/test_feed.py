"""A feed: who gets what while the bus brings everything, and connections are slow."""

import pytest

from realtime.fan_out import feed as module
from realtime.fan_out import outlet as outlet_module
from shared_events.checkpoint import Checkpoint, Delta
from shared_events.errors import InvalidEvent
from shared_events.events import decode_event
from tests.making import completed, encoded
from tests.realtime.fan_out.feeding import E1, JOB, World, sequences, words


@pytest.fixture
def world() -> World:
    return World()


def test_live_followers_get_the_events_as_they_were_said(world: World) -> None:
    one, two = world.join(), world.join()
    news = words(2, "a", "b")
    world.say(2, *news)
    assert one.read() == two.read() == news


def test_what_is_due_counts_as_sent_only_once_it_is_flushed(world: World) -> None:
    browser = world.join()
    world.hear(2, *words(2, "a"))
    assert (world.feed.sent, browser.read()) == (1, [])
    world.flusher.flush(world.feed)
    assert (world.feed.sent, len(browser.read())) == (2, 1)


def test_too_much_that_is_due_does_not_wait(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_DUE", 2)
    browser = world.join()
    world.hear(2, *words(2, "a", "b", "c"))
    assert sequences(browser.read()) == [2, 3]


def test_who_joins_while_something_is_due_gets_it_once(world: World) -> None:
    world.join()
    world.hear(2, *words(2, "a"))
    late, ahead = world.join(), world.join(Checkpoint(2, E1))
    world.flusher.flush(world.feed)
    assert (sequences(late.read()), ahead.read()) == ([2], [])


def test_who_cannot_take_more_is_caught_up_with_merged_chunks(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outlet_module, "HIGH_WATER_BYTES", 100)
    slow, quick = world.join(), world.join()
    for n in range(2, 50):
        world.say(n, *words(n, "x"))
        quick.read()
    assert slow.outlet.unsent < 400
    assert [follower.outlet for follower in world.feed.lagging] == [slow.outlet]
    held = slow.read()
    [merged] = slow.read()
    assert decode_event(merged).sequence == 49
    assert f'"fromSequence":{len(held) + 2}'.encode() in merged
    assert not world.feed.lagging


def test_who_is_hidden_gets_it_now_and_then_and_everything_when_shown(world: World) -> None:
    browser = world.join()
    follower = world.feed.followers[browser.outlet]
    world.hear(2, *words(2, "a"))
    world.feed.hide(follower, hidden=True)
    world.say(3, *words(3, "b"))
    assert browser.read() == []
    world.feed.serve_all()
    assert sequences(browser.read()) == [3]
    world.say(4, *words(4, "c"))
    world.feed.hide(follower, hidden=False)
    world.say(5, *words(5, "d"))
    assert sequences(browser.read()) == [4, 5]


def test_the_end_lets_everybody_go_the_hidden_too(world: World) -> None:
    shown, hidden = world.join(), world.join()
    world.feed.hide(world.feed.followers[hidden.outlet], hidden=True)
    world.say(2, *encoded(completed(JOB, 2)))
    assert sequences(shown.read()) == sequences(hidden.read()) == [2]
    assert world.feed.idle
    assert not shown.outlet.followed
    assert sequences(world.join().read()) == [2]
    assert world.feed.idle


def test_who_lags_when_the_job_ends_is_let_go_once_it_has_it_all(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outlet_module, "HIGH_WATER_BYTES", 100)
    slow = world.join()
    world.say(2, *words(2, "a", "b", "c"))
    world.say(5, *encoded(completed(JOB, 5)))
    assert not world.feed.idle
    assert sequences(slow.read()) + sequences(slow.read()) == [2, 3, 4, 5]
    assert world.feed.idle


def test_a_feed_is_quiet_when_it_has_heard_nothing_since_it_was_asked(world: World) -> None:
    assert not world.feed.quiet()
    assert world.feed.quiet()
    world.say(2, *words(2, "a"))
    assert not world.feed.quiet()


def test_joining_again_goes_on_from_the_new_checkpoint(world: World) -> None:
    browser = world.join()
    world.say(2, *words(2, "a"))
    browser.read()
    world.feed.attach(browser.outlet, Delta(1))
    world.say(3, *words(3, "b"))
    assert sequences(browser.read()) == [2, 3]
    assert len(world.feed.followers) == 1


def test_a_refused_event_leaves_the_feed_as_it_was(world: World) -> None:
    browser = world.join()
    with pytest.raises(InvalidEvent):
        world.hear(2, b'["job:status",{"no":"status"}]')
    world.say(2, *words(2, "a"))
    assert sequences(browser.read()) == [2]
