"""What can happen to a world at one step. The dice say which of these it is, and how it goes."""

from collections.abc import Callable, Mapping
from typing import Final

from tests.model.client import TURNS
from tests.model.dice import Dice
from tests.model.faults import MEANWHILE
from tests.model.hardships import ALL, ALL_RARE
from tests.model.world import World

_ANY: Final = range(6)
_MARK: Final = "\U0001f600"
"""JavaScript counts it as two."""
_LENGTHS: Final = (2, 5, 5, 60, 130)
"""The longest word is several events."""
_BEFORE: Final = ("nothing",) * 4 + ("replicate",) * 8 + ("fail over",) * 4 + ("lose",)
_SENDING: Final = ("as all", "as all", "reply", "repeated", "echoed", "reply lost", "request lost")
_CALLS: Final = ("through",) * 4 + ("done", "lost", "later", "later")
_READING: Final = ("each", "each", "at once", "more")
_ASKING: Final = ("through", "done", "lost", "later", "but one")
_EVENTS: Final = ("nothing", *MEANWHILE)
_FAULTS: Final = [name for name in ALL for _ in range(1 if name in ALL_RARE else 4)]


def move(world: World, dice: Dice) -> None:
    MOVES[dice.pick("move", _MOVES)](world, dice)


def _work(world: World, dice: Dice) -> None:
    """A worker says something, it gets somewhere, and some of it gets on to nodes and clients."""
    who = dice.pick("who", _ANY)
    ALL[dice.pick("before", _BEFORE)](world, who)
    for length in dice.picks("words", _LENGTHS, most=4):
        world.say(who, f"{world.next_word()}{_MARK}".ljust(length, "x") + " ")
    if dice.pick("ends", (False,) * 19 + (True,)):
        ALL["finish"](world, who)
    world.send(who, dice.pick("sending", _SENDING), of="worker")
    world.let(dice.pick("calls", _CALLS))
    world.nodes[who % len(world.nodes)].bus.drop(dice.pick("drops", (0, 0, 0, 1, 9)))
    world.spread(
        hears=dice.pick("hears", (0, 1, 2, 9, 9)),
        takes=dice.pick("takes", (0, 1, 3, 30, 30)),
        reading=dice.pick("reading", _READING),
    )


def _turn(world: World, dice: Dice) -> None:
    """A client does something, before it has read what came, and something happens before its answer."""
    who = dice.pick("who", _ANY)
    node = dice.pick("where", range(len(world.nodes)))
    unread = dice.pick("unread", _EVENTS)
    MEANWHILE[unread](world, who)
    world.let("later" if unread == "nothing" else "through")
    what = dice.pick("what", ("ask",) * 3 + tuple(TURNS))
    client = world.clients[who % len(world.clients)]
    world.loop.do(lambda: TURNS[what](client, world.nodes[node]))
    world.let(dice.pick("reads", ("done", "later")))
    MEANWHILE[dice.pick("meanwhile", _EVENTS)](world, who)
    world.spread(hears=0, takes=dice.pick("takes", (0, 99)))
    world.let(dice.pick("calls", _ASKING))


def _fail(world: World, dice: Dice) -> None:
    ALL[dice.pick("fault", _FAULTS)](world, dice.pick("who", _ANY))
    world.let(dice.pick("calls", _CALLS))


def _call(world: World, dice: Dice) -> None:
    """One command on its own."""
    hows = ("done", "reply", "reply", "echoed", "reply lost", "request lost")
    world.send(dice.pick("which", _ANY), dice.pick("how", hows))
    world.loop.settle()


def _wait(world: World, dice: Dice) -> None:
    world.pass_time(dice.pick("seconds", (0.1, 0.6, 1.6, 1.6, 4.0, 33.0)))
    world.let(dice.pick("calls", _CALLS))


def _rest(world: World, _: Dice) -> None:
    """Everything gets through, and no time passes."""
    world.spread_all()


MOVES: Final[Mapping[str, Callable[[World, Dice], None]]] = {
    "work": _work,
    "turn": _turn,
    "fail": _fail,
    "call": _call,
    "wait": _wait,
    "rest": _rest,
}
_MOVES: Final = ("work",) * 5 + ("turn",) * 3 + ("fail",) * 3 + ("call", "wait", "rest")
