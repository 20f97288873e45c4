"""What must hold of every attempt: what it publishes, and how it leaves its job."""

from itertools import takewhile
from typing import Final

from shared_events.events import ModelRewind, decode_event
from shared_events.fold import utf16_length
from tests.model.worker import Worker
from tests.model.world import World
from workers.outcome import HandedBack, TryAgain

_REWIND: Final = f'["{ModelRewind.NAME}",'.encode()
_FOR_A_RETRY: Final = b'"reason":"retry"'


def check(world: World, worker: Worker) -> None:
    """Raises `AssertionError` with what is broken."""
    _check_rewinds(world, worker)
    _check_pause(world, worker)
    _check_last_word(worker)
    _check_given_up(world, worker)


def _check_rewinds(world: World, worker: Worker) -> None:
    """One at most, at the first difference; none by an attempt that says the same again."""
    said = rewinds(world, worker)
    if worker.found is None:
        assert not said, "a rewind before the agent has begun"
        return
    common = _common(worker.found, worker.output)
    differs = worker.is_through or common != worker.output
    may = [utf16_length(common)] if differs and common != worker.found else []
    assert said in ([], may), f"rewinds to {said}, not {may}: {worker.found!r}, then {worker.output!r}"


def _common(one: str, other: str) -> str:
    same = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return "".join(character for character, _ in same)


def rewinds(world: World, worker: Worker) -> list[int]:
    """To which lengths the text went back because an attempt differs from the one before it."""
    written = [event for epoch in worker.process.epochs for event in world.witness.history.written(epoch)]
    found = [decode_event(event) for event in written if event.startswith(_REWIND) and _FOR_A_RETRY in event]
    return [event.length for event in found if isinstance(event, ModelRewind)]


def _check_pause(world: World, worker: Worker) -> None:
    """A paused agent gets rid of the word that it is at, and no more."""
    asked = len(world.users.wishes)  # what was asked for before takes its time to arrive
    before, worker.pause = worker.pause, (worker.said, asked) if worker.is_paused else None
    if before is not None and worker.pause is not None and before[1] == asked:
        assert worker.said <= before[0] + 1, f"{worker.said - before[0]} words were said in a pause"
        worker.pause = before


def _check_last_word(worker: Worker) -> None:
    process = worker.process
    assert process.has_ended_job or not worker.reports_end, "a worker is done without an end"
    rests = isinstance(worker.outcome, TryAgain | HandedBack)
    assert process.has_rested or not rests, "a worker leaves its job without saying so"


def _check_given_up(world: World, worker: Worker) -> None:
    """Only what another has, or what has ended, is given up."""
    witness = world.witness
    excused = witness.was_gone or witness.had_ended or worker.process.has_rested
    if worker.gave_up and not excused:
        assert witness.claims_since(worker.process), "a worker gives up a job that nobody else has"
