"""Where a batch belongs that does not follow on the end of the log. Pure.

A publisher that has not heard an answer sends the same batch again; and the server puts statuses of its
own between two batches, of which the publisher hears with the next answer.
"""

from collections.abc import Sequence
from enum import Enum

import msgspec

from shared_events.events import Event, JobStatusChanged


class Place(Enum):
    END = "end"
    """At the end of the log: after `previous` there is nothing, or nothing but statuses of the server."""
    THERE = "there"
    """It is in the log already."""
    NOWHERE = "nowhere"
    """Something else was published after `previous`."""


def place(batch: Sequence[Event], after: Sequence[Event]) -> Place:
    """Where `batch` belongs, given what the log has `after` the sequence that it was to follow."""
    published = [_content(event) for event in after if not isinstance(event, JobStatusChanged)]
    if not published:
        return Place.END
    said = [_content(event) for event in batch]
    return Place.THERE if published[: len(said)] == said else Place.NOWHERE


def _content(event: Event) -> Event:
    return msgspec.structs.replace(event, sequence=0, timestamp=0)
