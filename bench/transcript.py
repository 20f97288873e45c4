"""What a job's log tells: the text, and whether it is a whole and proper log. Pure."""

from collections.abc import Mapping, Sequence

import msgspec

from bench.paced_text import begins, text_of
from shared_events.events import (
    Event,
    JobCompleted,
    JobSnapshot,
    JobStatus,
    ModelChunk,
    decode_event,
)
from shared_events.fold import JobView, fold


class Ticket(msgspec.Struct, frozen=True):
    """A submitted job that asks for the stream `number`; `submitted_ms` in Unix milliseconds."""

    job: str
    number: int
    submitted_ms: float


class Kept(msgspec.Struct, frozen=True):
    """What Redis keeps of a job at a moment.

    `events`, as encoded by their writer, are to be those from the sequence `first` to `head`; for earlier
    ones stands `base`.
    """

    first: int
    head: int
    events: list[bytes]
    base: JobSnapshot | None = None
    epoch: str = ""


class Transcript(msgspec.Struct, frozen=True):
    """`text`: what the base and the events after it fold to."""

    text: str
    whole: bool
    """Numbered without a gap from the first kept event to the head, and the base knows of nothing else."""
    ended: bool
    """One terminal event, at the end, and it is `job:completed`."""


def transcript(job: str, kept: Kept) -> Transcript:
    events = [decode_event(data) for data in kept.events]
    view = fold(job, events, base=kept.base)
    return Transcript(view.text, _is_whole(view, events, kept), _has_ended(view, events))


def count_torn(tickets: Sequence[Ticket], transcripts: Sequence[Transcript]) -> int:
    """How many jobs, while they run, are not the beginning of their stream, in a whole log."""
    return sum(
        not one.whole or not begins(ticket.number, one.text)
        for ticket, one in zip(tickets, transcripts, strict=True)
    )


def count_wrong(tickets: Sequence[Ticket], transcripts: Sequence[Transcript], said: Mapping[int, int]) -> int:
    """How many jobs are not the very text that the server said, in a whole log that has its end.

    `said`: the tokens of each stream.
    """
    return sum(
        not (one.whole and one.ended) or one.text != text_of(ticket.number, said.get(ticket.number, 0))
        for ticket, one in zip(tickets, transcripts, strict=True)
    )


def _is_whole(view: JobView, events: Sequence[Event], kept: Kept) -> bool:
    numbers = [event.sequence for event in events]
    return (
        numbers == list(range(kept.first, kept.head + 1))
        and (view.sequence, view.epoch) == (kept.head, kept.epoch)
        and _agrees(view.text, events, kept.first)
    )


def _agrees(text: str, events: Sequence[Event], first: int) -> bool:
    """Whether the kept chunks are the end of the text, also those for which the base stands already."""
    said = "".join(event.chunk for event in events if isinstance(event, ModelChunk))
    return text == said if first == 1 else text.endswith(said)


def _has_ended(view: JobView, events: Sequence[Event]) -> bool:
    ends = [event for event in events if event.status_after]
    completed = bool(ends) and isinstance(ends[0], JobCompleted) and view.status is JobStatus.COMPLETED
    return completed and ends == list(events[-1:])
