"""The Lua scripts of the log: their texts, and how their arguments are laid out.

The async log, the pipeline of appends and the thread that renews leases all call the same scripts.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from shared_events.answers import Rest
from shared_events.events import JobStatus
from shared_events.ids import Epoch, JobId
from shared_events.keys import Keys

ANNOUNCE_BYTES: Final = 16 * 1024
"""A larger batch is announced on the bus without its events: Redis cuts subscribers off whose
output buffer overflows, and the log has the events."""

_HERE: Final = Path(__file__).parent / "lua"

Argument = str | int | bytes


class Terms:
    """How long what is written holds: the writer's lease, and the job's keys."""

    def __init__(self, *, lease_s: float = 15.0, ttl_s: float = 24 * 3600.0) -> None:
        self.lease_ms = int(lease_s * 1000)
        self.ttl_ms = int(ttl_s * 1000)


def script(name: str) -> str:
    return (_HERE / f"{name}.lua").read_text()


def digest(text: str) -> str:
    """The name under which Redis knows a script that it has loaded."""
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def append_keys(keys: Keys, job_id: JobId) -> list[str]:
    """Of append and renew."""
    return [
        keys.meta(job_id),
        keys.log(job_id),
        keys.base(job_id),
        keys.channel(job_id),
        keys.request(job_id),
    ]


def append_arguments(
    terms: Terms, epoch: Epoch, previous: int, events: Sequence[bytes], status: JobStatus | None, rest: Rest
) -> list[Argument]:
    closes = status is not None and status.terminal
    return [
        epoch,
        previous,
        terms.lease_ms,
        terms.ttl_ms,
        "" if status is None else status.value,
        Rest.CLOSES.value if closes else rest.value,
        ANNOUNCE_BYTES,
        *events,
    ]


def renew_arguments(terms: Terms, epoch: Epoch) -> list[Argument]:
    return [epoch, terms.lease_ms, terms.ttl_ms]
