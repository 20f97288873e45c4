"""Why nothing can be published any more, or not there, in words. Pure."""

from realtime.outside.errors import Cancelled, Ended, FencedOut, LostTail, OutOfTurn
from shared_events.answers import Meta
from shared_events.events import JobStatus


def ended(meta: Meta) -> Ended:
    kind = Cancelled if meta.status is JobStatus.CANCELLED else Ended
    return kind(f"The job has ended ({meta.status}) at {meta.head}: nothing can be published any more.")


def fenced_out() -> FencedOut:
    return FencedOut("Somebody has begun the job anew, or nobody has begun it: this epoch does not own it.")


def lost_tail(previous: int, head: int) -> LostTail:
    return LostTail(f"The log ends at {head}, before {previous}: begin anew, and go on from its text.")


def out_of_turn(previous: int, head: int) -> OutOfTurn:
    return OutOfTurn(
        f"Another batch was published after {previous}; the log ends at {head}. One batch at a time: "
        "the head of its answer is the previous of the next."
    )


def too_old(previous: int, first: int) -> OutOfTurn:
    return OutOfTurn(f"The log begins at {first}, too long after {previous} to tell what was said there.")
