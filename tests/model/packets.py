"""What a connection carries to its client: events, snapshots, and the answers to its requests."""

import functools

import msgspec

from shared_events.checkpoint import Checkpoint
from shared_events.events import Event, JobSnapshot, decode_event
from shared_events.fold import JobView, Outcome

_EVENT = "42"
_ANSWER = "43"
_SNAPSHOT = f'["{JobSnapshot.NAME}",'


class Answered(msgspec.Struct, frozen=True):
    """The answer to the connection's request of that number."""

    number: int
    ok: bool


class Request(msgspec.Struct, frozen=True):
    """`job:subscribe`; `held` is what its sender holds, for the model to know what it should get."""

    number: int
    checkpoint: Checkpoint | None
    held: JobSnapshot | None


class Look(msgspec.Struct, frozen=True):
    """`job:visibility`."""

    visible: bool


class Leave(msgspec.Struct, frozen=True):
    """`job:unsubscribe`."""


def pack(answer: Answered) -> str:
    return _ANSWER + msgspec.json.encode(answer).decode()


def is_ping(packet: str) -> bool:
    return packet.startswith("2")


def unpack(packet: str) -> Answered | Event | JobSnapshot:
    kind, text = packet[:2], packet[2:]
    return _event(text) if kind == _EVENT else msgspec.json.decode(text, type=Answered)


def receive(view: JobView, event: Event | JobSnapshot) -> Outcome:
    return view.receive_snapshot(event) if isinstance(event, JobSnapshot) else view.receive(event)


def restored(job_id: str, snapshot: JobSnapshot | None) -> JobView:
    """The view that `snapshot` was made of; an empty one without it."""
    view = JobView(job_id)
    if snapshot is not None:
        view.receive_snapshot(snapshot)
    return view


@functools.lru_cache(maxsize=4096)
def _event(text: str) -> Event | JobSnapshot:
    if text.startswith(_SNAPSHOT):
        return msgspec.json.decode(text, type=tuple[str, JobSnapshot])[1]
    return decode_event(text.encode())
