"""What is hard on nodes, and on what they have between the bus, the log and their connections."""

from collections.abc import Mapping
from typing import Final

from tests.model.client import TURNS
from tests.model.faults import FAULTS, RARE, Fault, break_down, fail_over, start, working
from tests.model.world import BUSY, World


def _strand(world: World, who: int) -> None:
    """One node hears of an event that is then lost, the other only after the heir has come, who is silent."""
    world.witness.replicate()
    world.say(who, "stranded ")
    world.let_those("worker")
    world.nodes[0].hear(9)
    client = world.clients[who % len(world.clients)]
    world.loop.do(lambda: client.take(99))
    working(world, who).process.paused = True
    fail_over(world, who)
    world.run_out()
    start(world, who)
    world.send(-1, "reply", of="worker")
    client.connect(world.nodes[1])
    world.let_those("node")
    world.nodes[1].hear(9)


def _overwhelm(world: World, who: int) -> None:
    """More than a way out holds comes bit by bit, and nobody reads until nodes have forgotten the first."""
    for _ in range(20):
        world.say(who, "more ")
        world.let_those("worker")
        world.spread(hears=9, takes=0)
    world.pass_time(1.1)


def _blink(world: World, who: int) -> None:
    """A page is looked away from, and at again."""
    client = world.clients[who % len(world.clients)]
    client.look(visible=False)
    world.say(who, "unseen ")
    world.let_those("worker")
    world.spread(hears=9, takes=99)
    client.look(visible=True)
    world.loop.settle()


def _come_back_late(world: World, who: int) -> None:
    """What waits unread is lost by the server, before nodes that have let go of the job read its log."""
    world.witness.replicate()
    world.say(who, "lost ")
    world.let_those("worker")
    world.spread(hears=9, takes=0)
    for client in world.clients:
        client.leave()
    for _ in range(3):
        world.pass_time(1.1)
        world.let("through")
    for client in world.clients:
        client.subscribe()
    break_down(world, who)
    world.let("through")
    world.spread(hears=9, takes=99)


_ENDS: Final = 4
"""From whom on they have the end due as well."""


def _interrupt(world: World, who: int) -> None:
    """The busy node has something due, which others have got already, when a client of either turns to it."""
    for _ in range(3):
        world.say(who, "soon ")
        world.let_those("worker")
    if who >= _ENDS:
        working(world, who).finish()
        world.let_those("worker")
    world.spread(hears=9, takes=99)
    turn = TURNS[("move", "hide", "leave", "show", "move", "ask")[who]]
    world.loop.do(lambda: turn(world.clients[who % len(world.clients)], world.nodes[BUSY]))
    world.let_those("node")


def _break_line(world: World, who: int) -> None:
    """A write to the descriptor will fail."""
    connection = world.clients[who % len(world.clients)].connection
    if connection is not None and connection.line is not None:
        connection.line.broken = True


_HARDSHIPS: Final[Mapping[str, Fault]] = {
    "strand": _strand,
    "interrupt": _interrupt,
    "overwhelm": _overwhelm,
    "blink": _blink,
    "break a line": _break_line,
    "come back late": _come_back_late,
}

ALL: Final[Mapping[str, Fault]] = {**FAULTS, **_HARDSHIPS}
"""These and the others."""
ALL_RARE: Final = RARE | {"come back late"}
