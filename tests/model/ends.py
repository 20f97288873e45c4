"""What must hold of a job's end where somebody was told that it would be cancelled."""

from shared_events.events import JobStatus
from tests.model.users import Wish
from tests.model.world import World


def check(world: World) -> None:
    """Raises `AssertionError` with what is broken."""
    meta = world.witness.meta()
    if meta is None or not meta.closed or meta.status is JobStatus.CANCELLED:
        return
    for wish in world.users.cancels():
        assert _came_too_late(world, wish), f"the job has {meta.status}, after a cancel that was accepted"


def check_nobody_waits(world: World) -> None:
    """A job that was cancelled must not wait for another attempt, unless who should have ended it died.

    Nor if its end was lost by the server.
    """
    look = world.witness.look()
    if look is None or look.closed or look.runs or world.witness.had_ended or _somebody_died(world):
        return
    assert not world.users.cancels(), "the job waits, though its cancel was accepted"


def _came_too_late(world: World, wish: Wish) -> bool:
    """Whether the one who ended the job otherwise had it when he was asked."""
    meta = world.witness.meta()
    assert meta is not None and wish.found is not None
    process = world.witness.claim_of(meta.epoch).process
    claims = [claim for claim in world.witness.claims if claim.process is process]
    began = world.witness.claims.index(claims[0]) < wish.process.asked_at
    # With its claim lost by the server it runs on, unknown to anybody.
    return began and (wish.found.runs or any(claim.how == "remake" for claim in claims))


def _somebody_died(world: World) -> bool:
    killed = any(not worker.process.alive for worker in world.workers)
    burials = [claim for claim in world.witness.claims if claim.how == "bury"]
    return killed or any(not burial.process.has_rested for burial in burials)
