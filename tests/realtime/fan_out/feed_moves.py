"""What can happen to a job, its bus, its log and its followers. The dice say what, and how."""

from collections.abc import Callable
from functools import partial
from typing import Final

import pytest

from realtime.fan_out import feed, flusher, hub, mender, merge, outlet, tail
from shared_events.events import (
    Event,
    JobCompleted,
    JobProgress,
    ModelChunk,
    ModelRewind,
)
from shared_events.fold import JobView, utf16_length
from tests.model.dice import Dice
from tests.model.virtual_time import CLOCK
from tests.realtime.fan_out.feed_world import KINDS, Person, World
from tests.realtime.fan_out.lines import PLENTY
from tests.realtime.fan_out.scripted_log import JOB

_TEXTS: Final = ("a", "bc ", "\U0001f600", "\ud55c\u00e9", 'x"\n', "long " * 12)
_ROOMS: Final = (0, 30, 150, 400, 2000, PLENTY)
_ANY: Final = range(60)


def narrow(patch: pytest.MonkeyPatch) -> None:
    """Limits so small that a short walk meets them, and time that passes when the test says so."""
    patch.setattr(outlet, "HIGH_WATER_BYTES", 700)
    patch.setattr(tail, "PIECE_BYTES", 400)
    patch.setattr(merge, "MERGED_CHARACTERS", 60)
    patch.setattr(feed, "MOST_DUE", 8)
    patch.setattr(feed, "MOST_SENT_ON_BYTES", 500)
    patch.setattr(feed, "HEARD_BYTES", 1500)
    patch.setattr(hub, "SHORTEST_TAIL_BYTES", 500)
    patch.setattr(hub, "LONGEST_TAIL_BYTES", 800)
    patch.setattr(mender, "time", CLOCK)
    patch.setattr(outlet, "time", CLOCK)
    patch.setattr(flusher, "perf_counter", CLOCK.monotonic)
    patch.setattr(mender, "LOST_AFTER_S", 1.0)
    costs = iter(range(10**9))
    # A flush costs as much as the time between two looks at the clock: two of three open a window.
    patch.setattr(flusher, "thread_time", lambda: (2 * next(costs) // 3) * 0.02)


def open_with(world: World, dice: Dice) -> None:
    """The job has begun, and some follow it already."""
    world.say(world.log.begins)
    world.log.replicate()
    for person in world.people:
        kind, room = dice.pick("kind", KINDS), dice.pick("room", _ROOMS)
        world.do(partial(person.connect, kind, room))
        world.do(person.ask)
    world.do(lambda: world.answer(0, "deliver"))


def move(world: World, dice: Dice) -> None:
    MOVES[dice.pick("move", _MOVES)](world, dice)


def _say(world: World, dice: Dice) -> None:
    if not world.log.now.closed:
        world.say(*_words(world, dice))
        if dice.pick("announced", (False,) * 5 + (True,)) and world.bus.waiting:
            world.bus.waiting[-1] = world.bus.waiting[-1].partition(b"\n")[0]
    if dice.pick("heard", (True, True, False)):
        _hear(world, dice)


def _words(world: World, dice: Dice) -> list[Callable[[int, JobView], Event]]:
    if not world.log.has_begun:
        return [world.log.begins]
    if dice.pick("ends", (False,) * 40 + (True,)):
        return [_end]
    count = dice.pick("events", (1, 1, 1, 2, 5, 20))
    return [_word(dice) for _ in range(count)]


def _word(dice: Dice) -> Callable[[int, JobView], Event]:
    kind = dice.pick("kind", ("chunk",) * 8 + ("rewind", "progress"))
    amount = dice.pick("amount", _ANY)

    def make(sequence: int, view: JobView) -> Event:
        if kind == "chunk":
            text = _TEXTS[amount % len(_TEXTS)]
            return ModelChunk(job_id=JOB, sequence=sequence, timestamp=1, chunk=text)
        if kind == "progress":
            return JobProgress(job_id=JOB, sequence=sequence, timestamp=1, progress=amount / 60)
        length = utf16_length(view.text) * amount // 60
        return ModelRewind(
            job_id=JOB, sequence=sequence, timestamp=1, length=length, attempt=view.attempt, reason="retry"
        )

    return make


def _end(sequence: int, _view: JobView) -> Event:
    return JobCompleted(job_id=JOB, sequence=sequence, timestamp=1, result={"done": True})


def _hear(world: World, dice: Dice) -> None:
    waiting = world.bus.waiting
    count = dice.pick("messages", (0, 1, 2, 9, 9))
    messages, waiting[:] = waiting[:count], waiting[count:]
    fate = dice.pick("fate", ("whole",) * 6 + ("first lost", "first last", "last twice", "last late"))
    if messages and fate == "first lost":
        del messages[0]
    elif messages and fate == "first last":
        messages.append(messages.pop(0))
    elif messages and fate == "last twice":
        messages.append(messages[-1])
    elif messages and fate == "last late":
        waiting.append(messages.pop())
    more = dice.pick("more", (False, False, True))
    before, after = (_also(world, dice.pick(name, _ALSO)) for name in ("before", "after"))
    world.do(before, lambda: world.hear(messages, more=more), after)


def _also(world: World, what: str) -> Callable[[], None]:
    """What connections do in the same tick."""

    def act() -> None:
        for person in world.people:
            if person.line is not None and what == "ping":
                person.line.ping()
            elif person.line is not None and what == "say":
                person.line.say()

    return act


def _fate_of_log(world: World, dice: Dice) -> None:
    log, fate = world.log, dice.pick("log", _FATES)
    if fate == "replicate":
        log.replicate()
    elif fate == "fail over":
        world.met.note("failovers that lost events", log.now.head > log._replica.head)
        log.fail_over()
        if dice.pick("and another takes over", (False, True)) and not log.now.closed:
            log.take_over()
    elif fate == "take over" and not log.now.closed:
        log.take_over()
    elif fate == "compact" and log.now.head:
        oldest = max(1, log.now.first - 1)
        upto = oldest + dice.pick("upto", _ANY) % (log.now.head - oldest + 1)
        log.compact(upto, 1 + dice.pick("keep", _ANY) % (upto + 1))


def _redis(world: World, dice: Dice) -> None:
    how = dice.pick("answer", ("deliver",) * 6 + ("look",) * 4 + ("fail",))
    index = dice.pick("which", _ANY)
    world.do(*_half_a_read(world, dice), lambda: world.answer(index, how))


def _half_a_read(world: World, dice: Dice) -> list[Callable[[], None]]:
    """Perhaps something is due when the rest of the tick happens, as the bus has more to read."""
    if dice.pick("half a read", (True, False, False)):
        messages, world.bus.waiting[:] = list(world.bus.waiting), []
        return [lambda: world.hear(messages, more=True)]
    return []


def _cut(world: World, dice: Dice) -> None:
    world.do(world.reconnect)


def _pass(world: World, dice: Dice) -> None:
    world.loop.advance(dice.pick("seconds", (0.01, 0.06, 0.3, 1.1, 1.1, 3.5)))


def _someone(world: World, dice: Dice) -> Person:
    return world.people[dice.pick("who", _ANY) % len(world.people)]


def _come(world: World, dice: Dice) -> None:
    """Somebody connects, or asks anew, and may know more than this node does."""
    person = _someone(world, dice)
    kind, room = dice.pick("kind", KINDS), dice.pick("room", _ROOMS)
    asks = dice.pick("asks", (True, True, False))
    if person.line is None and dice.pick("from elsewhere", (True, False)):
        person.follow_elsewhere()
        world.met.note("from elsewhere")
    world.do(
        *_half_a_read(world, dice),
        lambda: person.connect(kind, room),
        *([person.ask] if asks else []),
    )


def _act(world: World, dice: Dice) -> None:
    person = _someone(world, dice)
    line = person.line
    if line is None:
        return
    what = dice.pick("act", _ACTS)
    world.met.note("hidden", what == "hide" and any(one.live for one in line.outlet.followed.values()))
    world.met.note("upgrades", what == "upgrade" and line.transport is None)
    world.do(
        {
            "hide": lambda: line.show(visible=False),
            "show": lambda: line.show(visible=True),
            "leave": line.leave,
            "hang up": person.hang_up,
            "reload": person.reload,
            "close": lambda: line.end(abort=False),
            "upgrade": lambda: line.open_socket("websocket"),
            "break": line.break_off,
        }[what]
    )


def _network(world: World, dice: Dice) -> None:
    line = _someone(world, dice).line
    if line is not None:
        room, most = dice.pick("room", _ROOMS), dice.pick("most", (1, 3, 99, 99))
        world.do(lambda: line.drain(room), lambda: line.poll(most))
        if dice.pick("reads", (True, True, False)):
            line.read()


_ALSO: Final = ("nothing", "nothing", "ping", "say")
_FATES: Final = ("replicate", "replicate", "fail over", "take over", "compact", "compact")
_ACTS: Final = (
    *("hide", "hide", "hide", "show", "show", "upgrade", "upgrade"),
    *("leave", "hang up", "reload", "close", "break"),
)
MOVES: Final = {
    "say": _say,
    "hear": _hear,
    "log": _fate_of_log,
    "redis": _redis,
    "cut": _cut,
    "pass": _pass,
    "come": _come,
    "act": _act,
    "network": _network,
}
_MOVES: Final = [
    *["say"] * 9,
    *["hear"] * 2,
    *["log"] * 2,
    *["redis"] * 7,
    "cut",
    *["pass"] * 2,
    *["come"] * 6,
    *["act"] * 4,
    *["network"] * 8,
]
