"""What goes wrong with servers, workers, nodes and buses; `who` picks one of them."""

from collections.abc import Callable, Mapping
from typing import Final

from tests.model.lossy_bus import LossyBus
from tests.model.worker import Worker
from tests.model.world import World

Fault = Callable[[World, int], object]


def _worker(world: World, who: int) -> Worker:
    return world.workers[who % len(world.workers)]


def _working(world: World, who: int) -> Worker:
    working = [worker for worker in world.workers if worker.works] or world.workers
    return working[who % len(working)]


def _bus(world: World, who: int) -> LossyBus:
    return world.nodes[who % len(world.nodes)].bus


def _start(world: World, _: int) -> None:
    world.start_worker()


def _pause_or_resume(world: World, who: int) -> None:
    process = _worker(world, who).process
    process.paused = not process.paused


def _succeed(world: World, who: int) -> None:
    """A worker stands still, and another one takes its job."""
    _worker(world, who).process.paused = True
    world.start_worker()


def _break_down(world: World, who: int) -> None:
    """The master goes, and a worker with it; another one goes on from what the replica has."""
    _fail_over(world, who)
    _succeed(world, who)


def _kill(world: World, who: int) -> None:
    _worker(world, who).kill()


def _progress(world: World, who: int) -> None:
    _worker(world, who).progress(10.0 * who)


def _replicate(world: World, _: int) -> None:
    world.witness.replicate()


def _fail_over(world: World, _: int) -> None:
    if world.stormy:
        world.fail_over()


def _lose(world: World, _: int) -> None:
    if world.stormy and any(worker.works for worker in world.workers):
        world.lose_log()


def _lose_for_good(world: World, _: int) -> None:
    if world.stormy:
        world.lose_log()


def _work(world: World, who: int) -> None:
    """A worker says something, and all nodes hear of it, but not the replica."""
    world.witness.replicate()
    world.say(who, "meanwhile ")
    world.let_workers()
    world.spread(hears=9, takes=0)


def _take_over(world: World, who: int) -> None:
    """The heir gets exactly as far as the clients had come: their sequences alone tell them nothing."""
    _break_down(world, who)
    world.let_workers()
    reached = max(client.view.sequence for client in world.clients)
    for _ in range(reached - world.head):
        world.say(who, "even ")
        world.let_workers()
    world.spread(hears=99, takes=0)


def _nothing(_: World, __: int) -> None:
    pass


MEANWHILE: Final[Mapping[str, Fault]] = {
    "nothing": _nothing,
    "work": _work,
    "take over": _take_over,
}
"""What may happen before a client has read it, or while its question waits."""

RARE: Final = frozenset(
    {"nothing", "kill", "lose for good", "finish", "fail", "stop", "sweep", "cancel", "cut", "restart a node"}
)
"""What ends much; it happens a quarter as often."""

FAULTS: Final[Mapping[str, Fault]] = {
    "nothing": _nothing,
    "start": _start,
    "pause or resume": _pause_or_resume,
    "succeed": _succeed,
    "succeed again": _succeed,
    "progress": _progress,
    "replicate": _replicate,
    "fail over": _fail_over,
    "break down": _break_down,
    "break down again": _break_down,
    "repeat": lambda world, who: _bus(world, who).repeat(),
    "reorder": lambda world, who: _bus(world, who).reorder(),
    "stray": lambda world, who: world.network.perform_stray(who),
    "cut": lambda world, who: _bus(world, who).cut(),
    "kill": _kill,
    "lose": _lose,
    "lose for good": _lose_for_good,
    "finish": lambda world, who: _working(world, who).finish(),
    "fail": lambda world, who: _working(world, who).finish(fails=True),
    "stop": lambda world, who: _worker(world, who).stop(),
    "sweep": lambda world, _: world.sweep(),
    "cancel": lambda world, _: world.cancel(),
    "restart a node": lambda world, who: world.restart_node(who % len(world.nodes)),
}
