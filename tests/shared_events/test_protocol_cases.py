"""The cases in `tests/protocol_cases/`, run by Python; `tests/web/fold.test.js` runs them by JavaScript."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shared_events.errors import InvalidEvent
from shared_events.events import Event, JobSnapshot, decode_event
from shared_events.fold import JobView

CASES = Path(__file__).parents[1] / "protocol_cases"


class Step(msgspec.Struct, frozen=True):
    event: str
    payload: Any
    outcome: str = "applied"


class Case(msgspec.Struct, frozen=True):
    """Steps, what becomes of each, and the view that they end in."""

    name: str
    job_id: str = msgspec.field(name="jobId")
    steps: list[Step]
    view: dict[str, Any]


class Merge(msgspec.Struct, frozen=True):
    """Two lists of events that add up to the same."""

    name: str
    job_id: str = msgspec.field(name="jobId")
    one: list[Step]
    other: list[Step]


def read_cases() -> Iterator[Any]:
    for file in sorted(CASES.glob("*.json")):
        if file.name != "merge.json":
            for case in msgspec.json.decode(file.read_bytes(), type=list[Case]):
                yield pytest.param(case, id=f"{file.stem}: {case.name}")


def read_merges() -> list[Merge]:
    return msgspec.json.decode((CASES / "merge.json").read_bytes(), type=list[Merge])


@pytest.mark.parametrize("case", list(read_cases()))
def test_case(case: Case) -> None:
    view = JobView(case.job_id)
    for number, step in enumerate(case.steps, 1):
        assert take(view, step) == step.outcome, f"step {number}: {step}"
    assert visible(view) == case.view


@pytest.mark.parametrize("merge", read_merges(), ids=lambda merge: merge.name)
def test_merge(merge: Merge) -> None:
    assert folded(merge.job_id, merge.one) == folded(merge.job_id, merge.other)


def folded(job_id: str, steps: list[Step]) -> dict[str, Any]:
    view = JobView(job_id)
    for step in steps:
        take(view, step)
    return visible(view)


def take(view: JobView, step: Step) -> str:
    """What becomes of a step's event: a client ignores what it cannot read and what is not its job's."""
    try:
        event = read(step)
    except InvalidEvent:
        return "ignored"
    if event.job_id != view.job_id:
        return "ignored"
    if isinstance(event, JobSnapshot):
        return view.receive_snapshot(event).value
    return view.receive(event).value


def read(step: Step) -> Event | JobSnapshot:
    if step.event != JobSnapshot.NAME:
        return decode_event(msgspec.json.encode((step.event, step.payload)))
    try:
        return msgspec.convert(step.payload, JobSnapshot)
    except msgspec.ValidationError as error:
        raise InvalidEvent(str(error)) from error


def visible(view: JobView) -> dict[str, Any]:
    """The view as the cases write it: only what is present."""
    snapshot: dict[str, Any] = msgspec.to_builtins(view.snapshot(reset=False))
    del snapshot["jobId"], snapshot["reset"]
    return snapshot
