"""What must hold after every step: the promises P1, P3 and P4 of PROTOCOL.md, and what they stand on."""

from shared_events import checkpoint as checkpoints
from shared_events.answers import Meta
from shared_events.checkpoint import Checkpoint, Delta, resume
from shared_events.events import JobSnapshot, decode_event
from shared_events.fold import JobView
from shared_events.ids import Epoch
from tests.model import attempts, ends
from tests.model.client import Client
from tests.model.history import History, held
from tests.model.packets import restored
from tests.model.world import World


def check(world: World) -> None:
    """Raises `AssertionError` with what is broken."""
    meta = world.witness.meta()
    if meta is not None:
        _check_log(world, meta)
        _check_prompt(world, meta)
        for checkpoint in _checkpoints(world):
            _check_judgement(world.witness.history, meta, checkpoint)
    for client in world.clients:
        _check_view(world, client.view)
    _check_followers(world)
    _check_served(world)
    for worker in world.workers:
        attempts.check(world, worker)
    ends.check(world)


def _check_log(world: World, meta: Meta) -> None:
    """The log is what its writers produced, without a gap, with at most one end, and that comes last."""
    server, history = world.witness.server, world.witness.history
    tail = server.run(server.log.read_after(world.job_id, 0))
    said = history.prefix(meta.epoch, meta.head)
    assert tail.events == said[meta.first - 1 :], f"the log from {meta.first} on is not what was written"
    ends = [number for number, event in enumerate(map(decode_event, said), 1) if event.status_after]
    assert ends == [meta.head] * meta.closed, f"ends at {ends} of {meta.head}, closed: {meta.closed}"
    lineage = history.lineage(meta.epoch)[-checkpoints.MAX_EPOCHS :]
    assert meta.epochs == lineage, f"the log names {meta.epochs}, it was made by {lineage}"
    view = world.view()
    assert held(view.snapshot(reset=False)) == history.view(meta.epoch, meta.head), "the log's view is wrong"
    assert meta.status is view.status, f"the log says {meta.status}, its events say {view.status}"


def _check_prompt(world: World, meta: Meta) -> None:
    """Where the bus has lost nothing, and everything was heard, nobody waits for a look at the heads."""
    busy = {call.process for call in world.network.waiting()}
    for node in world.nodes:
        if node.bus.reliable and not node.bus.arriving and node.process not in busy and not node.waits:
            live = [node.position(one) for one in node.followers if one.live and not one.feed.holed]
            late = [one for one in live if one.epoch == meta.epoch and one.sequence < meta.head]
            assert not late, f"still at {late}, though everything up to {meta.head} was heard"


def _check_served(world: World) -> None:
    """Whoever takes everything, and is looked at, is live, unless the log must be read first."""
    for node in world.nodes:
        mending = node.hub.mender._mending
        for one in node.followers:
            assert one.feed in mending or not one.feed.holed, "nobody reads the log where it must be read"
            assert not (one.live and one.hidden), "a page that is hidden is served as if it were seen"
            served = one.live or one.hidden or one.outlet.unsent or one.feed.lacks_log
            assert served, f"left at {one.position}, though nothing is in the way; {one.feed.sent} is sent"


def _check_judgement(history: History, meta: Meta, checkpoint: Checkpoint) -> None:
    """A delta goes on from what the log begins with; a reset is for those whom the log has left behind."""
    fits = history.contains(meta.epoch, meta.head, checkpoint) and checkpoint.sequence >= meta.first - 1
    listed = any(start.epoch == checkpoint.epoch for start in meta.epochs)
    if isinstance(resume(checkpoint, meta.reach), Delta):
        assert fits, f"{checkpoint} would get a delta of {meta}, which does not go on from it"
    else:
        assert not (fits and listed), f"{checkpoint} would be reset, though {meta} goes on from it"


def _check_view(world: World, view: JobView) -> None:
    """P1: what a client renders is a prefix of one writer's output, and of one history."""
    assert any(worker.output.startswith(view.text) for worker in world.workers) or not view.text, (
        f"no worker has begun with {view.text!r}"
    )
    if view.sequence > 0 and not _is_farewell(view):
        _check_held(world.witness.history, Epoch(view.epoch), view.snapshot(reset=False))


def _check_followers(world: World) -> None:
    """A node has sent exactly what a follower's position says."""
    for node in world.nodes:
        for follower in node.followers:
            connection = next(one for one in node.connections if one.outlet is follower.outlet)
            assert connection.open, "a connection that is gone still follows"
            if follower.awaits is not None or follower.outlet._waiting:
                continue  # it is yet to be shown where it stands; or what it has been sent waits for its line
            sent, position = connection.watch.shadow, node.position(follower)
            assert sent.sequence == position.sequence, f"at {position}, but {sent.sequence} was sent last"
            if position.sequence > 0:
                _check_held(world.witness.history, position.epoch, sent.snapshot(reset=False))


def _check_held(history: History, epoch: Epoch, snapshot: JobSnapshot) -> None:
    told = history.view(epoch, snapshot.sequence)
    assert held(snapshot) == told, f"held as ({epoch}, {snapshot.sequence}): {snapshot}; told: {told}"


def _checkpoints(world: World) -> set[Checkpoint]:
    """Everything that anybody could come back with."""
    clients = {client.checkpoint for client in world.clients if not _is_farewell(client.view)}
    stored = {_stored(client) for client in world.clients}
    positions = [node.position(follower) for node in world.nodes for follower in node.followers]
    asked = {Checkpoint(position.sequence, position.epoch) for position in positions}
    return {one for one in clients | stored | asked if one is not None}


def _stored(client: Client) -> Checkpoint | None:
    view = restored(client.view.job_id, client.stored)
    if view.sequence == 0 or _is_farewell(view):
        return None
    return Checkpoint(view.sequence, Epoch(view.epoch))


def _is_farewell(view: JobView) -> bool:
    """A node has told the end of a log that is gone: nobody has written that."""
    return view.error is not None and view.error.code == "log_lost"
