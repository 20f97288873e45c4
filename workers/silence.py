"""Which jobs have fallen silent, by what was seen of their leases. Pure, with the clock passed in.

No clock of Redis or of another machine decides alone, because clocks are set: a living writer changes
its lease every second or so, and that is what is looked for.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from shared_events.answers import Look
from shared_events.contract import EXTERNAL, PUBLISHER_LEASE_S, UNBEGUN_S
from shared_events.ids import JobId

CONFIRM_S: Final = 3.0
"""A lease that has run out must stay unchanged for so long: several times what a living writer takes."""
CONFIRM_EXTERNAL_S: Final = 20.0
"""The same for a publisher from outside, which need not say anything for 15 seconds."""


class _Seen(NamedTuple):
    lease: str
    since: float


class Silence:
    """`judge` what was looked at; `forget` everything whenever Redis failed, as writers may be repeating."""

    def __init__(self, lease_s: float) -> None:
        self._lease_s = lease_s
        self._seen: dict[JobId, _Seen] = {}

    def judge(self, looks: Mapping[JobId, Look], now: float) -> list[JobId]:
        """Those whose lease has not changed for long enough."""
        return [job_id for job_id, look in looks.items() if self._is_silent(job_id, look, now)]

    def forget(self, job_ids: list[JobId] | None = None) -> None:
        """The jobs that are over, or all."""
        if job_ids is None:
            self._seen.clear()
            return
        for job_id in job_ids:
            self._seen.pop(job_id, None)

    def _is_silent(self, job_id: JobId, look: Look, now: float) -> bool:
        seen = self._seen.get(job_id)
        if seen is None or seen.lease != look.lease:
            self._seen[job_id] = _Seen(look.lease, now)
            return False
        unchanged_s = now - seen.since
        if look.agent == EXTERNAL:
            return _is_publisher_silent(look, unchanged_s)
        return unchanged_s >= self._lease_s or (look.expired and unchanged_s >= CONFIRM_S)


def _is_publisher_silent(look: Look, unchanged_s: float) -> bool:
    """An external job's lease is as long as it may be silent; nobody renews it beside the publisher."""
    patience_s = PUBLISHER_LEASE_S if look.runs else UNBEGUN_S
    return unchanged_s >= patience_s or (look.expired and unchanged_s >= CONFIRM_EXTERNAL_S)
