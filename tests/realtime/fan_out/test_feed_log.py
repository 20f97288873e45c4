"""A feed and its log: what a read of it brings, and when there is one."""

from collections.abc import Callable
from typing import Final

import pytest

from realtime.fan_out import feed as module
from realtime.fan_out import outlet as outlet_module
from realtime.fan_out.cursor import Position
from shared_events.checkpoint import Checkpoint, Delta, EpochStart, Snapshot
from tests.making import completed, encoded, status
from tests.model.mutation import Mutant
from tests.realtime.fan_out.browser import Browser
from tests.realtime.fan_out.feeding import BEGUN, E1, E2, E3, FIRST, JOB, World, sequences, words


@pytest.fixture
def world() -> World:
    return World()


def test_after_a_hole_nothing_is_sent_until_the_log_was_read(world: World) -> None:
    browser = world.join()
    world.say(3, *words(3, "b"))
    world.say(4, *words(4, "c"))
    assert (browser.read(), world.mends) == ([], 1)
    assert world.feed.learn(world.tail(1, *words(2, "a", "b")))
    assert sequences(browser.read()) == [2, 3, 4]


def test_what_the_bus_brought_during_the_read_goes_out_without_another_word_of_it(world: World) -> None:
    """It was due, and stayed so until the bus brought anything else, on any channel."""
    browser = world.join()
    world.say(3, *words(3, "b"))
    world.feed.about_to_read()
    world.hear(3, *words(3, "b"))
    world.hear(4, *encoded(completed(JOB, 4)))
    assert world.feed.learn(world.tail(1, *words(2, "a")))
    assert sequences(browser.read()) == [2, 3, 4]
    assert not browser.outlet.followed


def test_messages_from_before_the_read_do_not_send_a_feed_to_the_log_again(world: World) -> None:
    """A message of the epoch before was kept, did not fit after any read, and asked for the next for ever."""
    world.join()
    world.say(9, *words(9, "lost by a failover"), epoch=E2)
    world.feed.about_to_read()
    assert world.feed.learn(world.tail(1, *encoded(status(JOB, 2, E3)), epochs=(FIRST, EpochStart(E3, 2))))
    assert not world.feed.lacks_log
    assert world.mends == 1


def test_no_more_is_kept_of_the_bus_than_is_allowed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEARD_BYTES", 500)
    browser = world.join()
    world.hear(3, *words(3, "hole"))
    for n in range(4, 100):
        world.hear(n, *words(n, "x"))
    assert sum(map(len, world.feed._heard)) <= 500
    assert world.feed.learn(world.tail(1, *words(2, *"x" * 98)))
    assert sequences(browser.read())[-1] == 99


def test_a_stale_read_is_not_added_to_a_tail_that_has_moved(world: World) -> None:
    """A read at any price and a joiner's overlapped: the events between came twice."""
    browser = world.join()
    stale = world.tail(1, *words(2, "a", "b"))
    world.say(2, *words(2, "a"))
    assert not world.feed.learn(stale)
    assert sequences(browser.read()) == [2]


def test_a_job_of_which_nothing_is_known_keeps_what_it_hears_for_its_first_log() -> None:
    world = World()
    world.feed.tail = None
    world.hear(2, *words(2, "a"))
    assert world.feed.verdict(None) is None
    assert world.feed.adopt(world.whole(*BEGUN))
    browser = world.join()
    assert sequences(browser.read()) == [2]


def test_many_events_from_the_log_are_not_for_all_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a long hole each live follower was handed all of it, however little its connection took."""
    monkeypatch.setattr(module, "MOST_SENT_ON_BYTES", 1000)
    monkeypatch.setattr("realtime.fan_out.tail.PIECE_BYTES", 500)
    monkeypatch.setattr("realtime.fan_out.merge.MERGED_CHARACTERS", 10)
    monkeypatch.setattr(outlet_module, "HIGH_WATER_BYTES", 2000)
    browser = world.join()
    world.feed.suspect()
    assert world.feed.learn(world.tail(1, *words(2, *["0123456789"] * 1000)))
    assert browser.outlet.unsent < 3000
    heard = [1]
    while news := sequences(browser.read()):
        heard += news
    assert heard == list(range(1, 1002))


def test_a_log_that_is_longer_goes_on_where_the_tail_ended(world: World) -> None:
    browser = world.join()
    assert world.feed.adopt(world.whole(*BEGUN, *words(2, "a", "b")))
    assert sequences(browser.read()) == [2, 3]


def test_a_log_that_is_behind_takes_nothing_back(world: World) -> None:
    """It was read a moment ago, or has lost what its writer will say again."""
    browser = world.join()
    world.say(2, *words(2, "a", "b"))
    assert world.feed.adopt(world.whole(*BEGUN))
    world.say(2, *words(2, "a", "b", "c"))
    assert sequences(browser.read()) == [2, 3, 4]


def test_a_log_that_is_behind_and_a_hole_wait_for_the_writer(world: World) -> None:
    browser = world.join()
    world.say(2, *words(2, "a"))
    world.say(4, *words(4, "c"))
    assert not world.feed.adopt(world.whole(*BEGUN))
    assert world.feed.lacks_log
    assert world.feed.adopt(world.whole(*BEGUN, *words(2, "a", "b", "c")))
    assert sequences(browser.read()) == [2, 3, 4]


def test_a_log_that_stays_behind_is_taken_at_any_price(world: World) -> None:
    browser = world.join()
    world.say(2, *words(2, "a", "b"))
    browser.read()
    assert world.feed.adopt(world.whole(*BEGUN, *words(2, "a")), at_any_price=True)
    [snapshot] = browser.read()
    assert b'"sequence":2,"reset":true,"text":"a"' in snapshot


def test_what_is_due_goes_out_before_another_log_takes_over(world: World) -> None:
    browser = world.join()
    world.hear(2, *words(2, "a", "b"))
    heir = encoded(status(JOB, 2, E2))
    assert world.feed.adopt(world.whole(*BEGUN, *heir, epochs=(FIRST, EpochStart(E2, 2))))
    *before, snapshot = browser.read()
    assert sequences(before) == [2, 3]
    assert b'"sequence":2,"reset":true' in snapshot


def test_events_of_the_last_epoch_are_not_taken_for_those_of_one_that_has_yet_to_write(world: World) -> None:
    """A snapshot of what a failover had lost bore the epoch of the heir, and was never corrected."""
    world.say(2, *words(2, "lost", "too"))
    claimed = (FIRST, EpochStart(E2, 3))
    assert world.feed.adopt(world.whole(*BEGUN, *words(2, "lost"), epochs=claimed))
    browser = Browser(world.outlets)
    verdict = world.feed.verdict(None)
    assert verdict == Snapshot(reset=False)
    world.feed.attach(browser.outlet, verdict)
    assert f'"epoch":"{E1}"'.encode() in browser.read()[0]


def test_an_epoch_that_was_succeeded_is_not_listened_to(world: World) -> None:
    claimed = (FIRST, EpochStart(E2, 2))
    assert world.feed.adopt(world.whole(*BEGUN, epochs=claimed))
    browser = world.join()
    world.say(2, *words(2, "of a master that is gone"))
    assert (browser.read(), world.mends) == ([], 1)


def test_a_lost_last_message_is_found_by_comparing_twice(world: World) -> None:
    world.join()
    world.feed.compare(Position(E1, 2))
    assert world.mends == 0
    world.feed.compare(Position(E1, 2))
    assert world.mends == 1


def test_who_comes_back_to_a_feed_that_nobody_mended_has_it_mended(world: World) -> None:
    """Its mending had ended as nobody followed any more; who came back within two seconds heard nothing."""
    world.say(3, *words(3, "b"))
    world.mends = 0
    world.join()
    assert world.mends == 1


def test_only_a_look_that_was_just_taken_says_that_a_checkpoint_was_overtaken(world: World) -> None:
    ahead = Checkpoint(9, E1)
    assert world.feed.verdict(ahead) is None
    assert world.feed.verdict(ahead, final=True) == Snapshot(reset=True)
    assert world.feed.verdict(Checkpoint(1, E1)) == Delta(1)


def test_a_tail_that_has_forgotten_asks_for_all_of_the_log(world: World) -> None:
    browser = world.join()
    world.feed.hide(world.feed.followers[browser.outlet], hidden=True)
    said = words(2, *"abcdef")
    world.say(2, *said)
    assert world.feed.tail is not None
    world.feed.tail.forget(100)
    assert world.feed.verdict(None) is None
    world.feed.serve_all()
    assert (browser.read(), world.mends, world.feed.wants_all) == ([], 1, True)
    assert world.feed.adopt(world.whole(*BEGUN, *said))
    assert sequences(browser.read()) == [7]


def test_a_log_that_is_gone_says_goodbye_and_is_not_known_any_more(world: World) -> None:
    shown, hidden = world.join(), world.join()
    world.feed.hide(world.feed.followers[hidden.outlet], hidden=True)
    world.say(2, *words(2, "a"))
    world.feed.farewell()
    assert (sequences(shown.read()), sequences(hidden.read())) == ([2, 3], [2])
    assert world.feed.idle
    assert world.feed.verdict(None) is None


MUTANTS: Final[dict[str, tuple[Mutant, Callable[[World], None]]]] = {
    "what is due outlives its log": (
        Mutant("realtime.fan_out.feed:Feed.adopt", "self._wishes.flush(self)", "pass"),
        test_what_is_due_goes_out_before_another_log_takes_over,
    ),
    "a shorter log takes back what was sent": (
        Mutant("realtime.fan_out.feed:Feed._adopt_shorter", "new.extend(newer, old.reach)", "pass"),
        test_a_log_that_is_behind_takes_nothing_back,
    ),
    "what was heard before a read is kept": (
        Mutant("realtime.fan_out.feed:Feed.about_to_read", "self._heard, self._heard_bytes = [], 0", "pass"),
        test_messages_from_before_the_read_do_not_send_a_feed_to_the_log_again,
    ),
    "what was heard during a read waits": (
        Mutant("realtime.fan_out.feed:Feed._mended", "self._wishes.flush(self)", "pass"),
        test_what_the_bus_brought_during_the_read_goes_out_without_another_word_of_it,
    ),
    "what was heard during a read is dropped": (
        Mutant("realtime.fan_out.feed:Feed._mended", "self.receive(data)", "pass"),
        test_what_the_bus_brought_during_the_read_goes_out_without_another_word_of_it,
    ),
    "a stale read is added": (
        Mutant(
            "realtime.fan_out.feed:Feed.learn", "tail.sequence + len(read.events) != read.meta.head", "False"
        ),
        test_a_stale_read_is_not_added_to_a_tail_that_has_moved,
    ),
    "a lost last event is never looked for": (
        Mutant("realtime.fan_out.feed:Feed.compare", "known is not None", "False"),
        test_a_lost_last_message_is_found_by_comparing_twice,
    ),
    "who comes back waits for ever": (
        Mutant("realtime.fan_out.feed:Feed.attach", "if self.lacks_log", "if False"),
        test_who_comes_back_to_a_feed_that_nobody_mended_has_it_mended,
    ),
    "an old look tells of a reset": (
        Mutant("realtime.fan_out.audience:Audience.verdict", "final or not verdict.reset", "True"),
        test_only_a_look_that_was_just_taken_says_that_a_checkpoint_was_overtaken,
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_found_out(name: str, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    mutant, claim = MUTANTS[name]
    mutant.apply(monkeypatch)
    with pytest.raises((AssertionError, ValueError)):
        claim(world)
