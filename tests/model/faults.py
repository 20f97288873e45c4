"""What goes wrong with servers, workers, nodes and buses; `who` picks one of them."""

from collections.abc import Callable, Mapping
from typing import Final

from tests.model.lossy_bus import LossyBus
from tests.model.users import What
from tests.model.worker import Finish, Worker
from tests.model.world import World

Fault = Callable[[World, int], object]


def _worker(world: World, who: int) -> Worker:
    return world.workers[who % len(world.workers)]


def working(world: World, who: int) -> Worker:
    working = [worker for worker in world.workers if worker.works] or world.workers
    return working[who % len(working)]


def _bus(world: World, who: int) -> LossyBus:
    return world.nodes[who % len(world.nodes)].bus


_REPEATED: Final = (1.0, 0.5, 1.0, 0.9, 0.0, 1.0)
"""How much of what an earlier attempt has said the next one says again; what follows is different."""
_CONTINUES: Final = 5
"""Who of them goes on from the text instead."""


def start(world: World, who: int) -> None:
    world.start_worker(repeats=_REPEATED[who], continues=who == _CONTINUES)


def _pause_or_resume(world: World, who: int) -> None:
    process = _worker(world, who).process
    process.paused = not process.paused


def _succeed(world: World, who: int) -> None:
    """A worker stands still until its lease runs out, and another one takes its job."""
    _worker(world, who).process.paused = True
    world.run_out()
    start(world, who)


def _bury(world: World, who: int) -> None:
    """A worker stands still until a sweeper comes."""
    _worker(world, who).process.paused = True
    world.run_out()
    world.sweep()


def _try_again(world: World, who: int) -> None:
    """The agent fails, and there may be another attempt."""
    working(world, who).finish(Finish.RETRYABLY)
    world.let_those("worker")
    start(world, who)


def _hand_on(world: World, who: int) -> None:
    """The worker has to go, and another one goes on."""
    working(world, who).hand_back()
    world.let_those("worker")
    start(world, who)


def _ask(world: World, who: int, what: What) -> None:
    """Somebody asks something of the job; half of the workers are told so, the others hear it in time."""
    world.users.ask(what)
    world.let("through")
    if who % 2:
        world.loop.do(working(world, who).renewals.look)


def break_down(world: World, who: int) -> None:
    """The master goes, and a worker with it; another one goes on from what the replica has."""
    fail_over(world, who)
    _succeed(world, who)


def _kill(world: World, who: int) -> None:
    _worker(world, who).kill()


def _cancel_leaving(world: World, who: int) -> None:
    """The worker has to go, or its agent fails, while somebody cancels the job."""
    worker = working(world, who)
    if who % 2:
        worker.hand_back()
    else:
        worker.finish(Finish.RETRYABLY)
    world.users.ask("cancel")
    world.let_those("user")


def _cancel_lost(world: World, who: int) -> None:
    """Somebody cancels a job whose worker stands still: before or after a sweeper has looked at it."""
    _worker(world, who).process.paused = True
    world.run_out()
    if who % 2:
        world.sweep()
        world.send(0, "reply", of="sweeper")
    world.users.ask("cancel")
    world.let_those("user")
    world.sweep()


def _cancel_between(world: World, who: int) -> None:
    """Somebody cancels a job whose worker stands still, and another one is very quick."""
    _worker(world, who).process.paused = True
    world.users.ask("cancel")
    world.let_those("user")
    world.run_out()
    world.start_worker().finish()


def _progress(world: World, who: int) -> None:
    _worker(world, who).progress(10.0 * who)


def _replicate(world: World, _: int) -> None:
    world.witness.replicate()


def fail_over(world: World, _: int) -> None:
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
    world.let_those("worker")
    world.spread(hears=9, takes=0)


def _take_over(world: World, who: int) -> None:
    """The heir gets exactly as far as the clients had come: their sequences alone tell them nothing."""
    break_down(world, who)
    world.let_those("worker")
    reached = max(client.view.sequence for client in world.clients)
    for _ in range(reached - world.head):
        world.say(who, "even ")
        world.let_those("worker")
    world.spread(hears=99, takes=0)


def _nothing(_: World, __: int) -> None:
    pass


MEANWHILE: Final[Mapping[str, Fault]] = {
    "nothing": _nothing,
    "work": _work,
    "fall back": fail_over,
    "take over": _take_over,
}
"""What may happen before a client has read it, or while its question waits."""

RARE: Final = frozenset(
    {
        *(
            "nothing",
            "kill",
            "lose for good",
            "finish",
            "fail",
            "fail for now",
            "hand back",
            "run out",
            "sweep",
        ),
        *(
            "cancel",
            "cancel quietly",
            "hold quietly",
            "cut",
            "restart a node",
        ),
    }
)
"""What ends much; it happens a quarter as often."""

FAULTS: Final[Mapping[str, Fault]] = {
    "nothing": _nothing,
    "start": start,
    "pause or resume": _pause_or_resume,
    "succeed": _succeed,
    "succeed again": _succeed,
    "progress": _progress,
    "replicate": _replicate,
    "fail over": fail_over,
    "break down": break_down,
    "break down again": break_down,
    "repeat": lambda world, who: _bus(world, who).repeat(),
    "reorder": lambda world, who: _bus(world, who).reorder(),
    "stray": lambda world, who: world.network.perform_stray(who),
    "cut": lambda world, who: _bus(world, who).cut(),
    "kill": _kill,
    "lose": _lose,
    "lose for good": _lose_for_good,
    "finish": lambda world, who: working(world, who).finish(),
    "fail": lambda world, who: working(world, who).finish(Finish.FOR_GOOD),
    "fail for now": lambda world, who: working(world, who).finish(Finish.RETRYABLY),
    "try again": _try_again,
    "hand back": lambda world, who: _worker(world, who).hand_back(),
    "hand on": _hand_on,
    "run out": lambda world, _: world.run_out(),
    "sweep": lambda world, _: world.sweep(),
    "bury": _bury,
    "cancel": lambda world, who: _ask(world, who, "cancel"),
    "cancel quietly": lambda world, _: world.users.ask("cancel"),
    "hold": lambda world, who: _ask(world, who, "pause"),
    "hold quietly": lambda world, _: world.users.ask("pause"),
    "cancel as it leaves": _cancel_leaving,
    "cancel what is lost": _cancel_lost,
    "cancel between two": _cancel_between,
    "resume": lambda world, who: _ask(world, who, "resume"),
    "restart a node": lambda world, who: world.restart_node(who % len(world.nodes)),
}
