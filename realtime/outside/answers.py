"""What a publisher is answered."""

from typing import Any

from realtime.outside.ledger import Held
from realtime.outside.wishes import told, understood
from shared_events.contract import PUBLISHER_LEASE_S
from shared_events.events import JobStatus, Wire


class Standing(Wire, frozen=True, omit_defaults=False):
    """To a batch. `head` is the `previous` of the next one, `control` what users ask."""

    job_id: str
    head: int
    status: JobStatus
    control: dict[str, Any]


class Begun(Standing, frozen=True, omit_defaults=False):
    """To begin. `text` is what was said so far."""

    epoch: str
    attempt: int
    input: Any
    text: str
    lease_seconds: float = PUBLISHER_LEASE_S


def standing(held: Held) -> Standing:
    view = held.view
    control = told(understood(held.control))
    return Standing(job_id=held.job_id, head=view.sequence, status=view.status, control=control)


def begun(held: Held, given: Any) -> Begun:
    view, now = held.view, standing(held)
    return Begun(
        job_id=now.job_id,
        head=now.head,
        status=now.status,
        control=now.control,
        epoch=held.epoch,
        attempt=view.attempt,
        input=given,
        text=view.text,
    )
