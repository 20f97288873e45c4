"""The end of a world: no more faults, and everybody must find together (P2)."""

from realtime.fan_out.follower import Follower
from shared_events.events import JobStatus
from shared_events.fold import JobView
from tests.model import attempts, ends, promises
from tests.model.client import Client
from tests.model.history import held
from tests.model.worker import Worker
from tests.model.world import World

_ROUND_S = 1.6
"""A little more than a node takes from one look at the heads to the next."""
_ROUNDS = 5
"""To find out that somebody is behind takes three looks; who is hidden, and full, is then served twice."""
_ATTEMPTS = 3
"""What has been asked of an agent may make it fail, even twice."""
_LOG_LOST_S = 12.0


def heal(world: World) -> None:
    """Raises `AssertionError` if somebody does not get where everybody must."""
    _mend(world)
    _check_who_follows(world)
    _go_on(world)
    _check_who_follows(world)
    _end(world)
    _check_who_follows(world)
    _return(world)
    _check_everybody(world)


def _mend(world: World) -> None:
    """The buses lose their last messages: that has to be found out without a hint."""
    world.let("through")
    for node in world.nodes:
        node.bus.drop(len(node.bus.arriving))
    for worker in world.workers:
        worker.process.paused = False
    for node in world.nodes:
        if not node.bus.connected:
            world.loop.do(node.bus.reconnect)
    world.users.ask("resume")
    _calm_down(world)
    ends.check_nobody_waits(world)


def _go_on(world: World) -> None:
    """A job that nobody writes any more gets another worker, if there still is a log."""
    _have_it_run(world)
    for worker in world.workers:
        worker.say("last ")
    _calm_down(world)


def _end(world: World) -> None:
    """And once it is over, others come too late."""
    for _ in range(_ATTEMPTS):
        _have_it_run(world)
        for worker in world.workers:
            worker.finish()
        _calm_down(world)
    meta = world.witness.meta()
    assert meta is None or meta.closed, f"the job has not ended: {_short(world.view())}"
    world.start_worker()
    world.run_out()
    world.sweep()
    world.users.ask("cancel")
    _calm_down(world)
    _check_let_go(world)
    assert not _working(world), "somebody still works on a job that has ended"
    for worker in world.workers:
        world.met.note("rewinds for a difference", len(attempts.rewinds(world, worker)))


def _have_it_run(world: World) -> None:
    """Whoever has lost the job knows by now. If its worker is dead, it is buried first."""
    working = _working(world)
    assert len(working) <= 1, f"{len(working)} workers at one job"
    look = world.witness.look()
    if not working and look is not None and look.runs:
        world.run_out()
        world.sweep()
        world.spread_all()
    if not working:
        world.start_worker()
        world.spread_all()
    world.users.ask("resume")


def _working(world: World) -> list[Worker]:
    return [worker for worker in world.workers if worker.works]


def _return(world: World) -> None:
    """Whoever is away comes back; and who saw an end asks whether it still stands."""
    for client in world.clients:
        if not (client.connected and client.follows) or client.view.ended:
            client.connect(world.nodes[0])
    _calm_down(world)


def _calm_down(world: World) -> None:
    world.spread_all()
    promises.check(world)
    for _ in range(_ROUNDS):
        world.pass_time(_ROUND_S)
        world.spread_all()
    promises.check(world)
    _check_whole(world)


def _check_whole(world: World) -> None:
    """No node goes on reading a log that it has, or waits for a read that nobody does."""
    head = world.head
    for feed in [feed for node in world.nodes for feed in node.hub.feeds if feed.followers]:
        ahead = feed.tail is None or feed.tail.sequence > head
        assert ahead or not feed.holed, "a node takes its bus for holed after all is calm"


def _check_who_follows(world: World) -> None:
    """Those who are connected and have not seen an end are there without any doing of theirs."""
    for client in world.clients:
        waits = client.refused and _is_ahead(world)
        if client.connected and client.follows and not client.view.ended and not waits:
            _check_caught_up(world, client)


def _is_ahead(world: World) -> bool:
    """Whether a node has more than the log has any more: it waits for the rest before it lets anybody in."""
    tails = [feed.tail for node in world.nodes for feed in node.hub.feeds]
    return any(tail is not None and tail.sequence > world.head for tail in tails)


def _check_everybody(world: World) -> None:
    if world.witness.meta() is None:
        _check_given_up(world)
        return
    for client in world.clients:
        _check_caught_up(world, client)
    _check_output(world)


def _check_caught_up(world: World, client: Client) -> None:
    """The client holds what the log has, or more of the same, if the log has lost it and nobody went on."""
    meta = world.witness.meta()
    if meta is None or client.is_ahead(meta, world.witness.history):
        return
    view = world.view()
    assert held(client.view.snapshot(reset=False)) == held(view.snapshot(reset=False)), (
        f"a client is left behind with {_short(client.view)}; the log has {_short(view)}"
    )


def _check_given_up(world: World) -> None:
    """Nobody waits for a log that is gone and that nobody makes anew."""
    world.pass_time(_LOG_LOST_S)
    _calm_down(world)
    assert not _followers(world), "somebody still follows a log that is gone"


def _check_let_go(world: World) -> None:
    """Who has been sent the end of the job does not follow it any more."""
    meta = world.witness.meta()
    for node in world.nodes if meta is not None else []:
        at = [node.position(follower).sequence for follower in node.followers]
        assert meta is None or meta.head not in at, "somebody still follows a job that has ended"


def _followers(world: World) -> list[Follower]:
    return [follower for node in world.nodes for follower in node.followers]


def _check_output(world: World) -> None:
    """If the job has ended well, then with all that its worker has said."""
    view = world.view()
    world.met.note(f"ended as {view.status}")
    if view.status is JobStatus.COMPLETED:
        outputs = [worker.output for worker in world.workers if worker.is_through]
        assert view.text in outputs, f"{view.text!r} is not all of {outputs}"


def _short(view: JobView) -> str:
    return f"({view.epoch}, {view.sequence}) {view.status} {view.text!r}"
