"""Merging: what is sent to those who come late adds up to what was said."""

from itertools import pairwise
from typing import Any, Final

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from realtime.fan_out import merge as module
from realtime.fan_out.merge import MERGED_CHARACTERS
from shared_events.events import (
    ChunkMetadata,
    Event,
    JobProgress,
    JobStatus,
    JobStatusChanged,
    ModelChunk,
    ModelRewind,
    decode_event,
    encode_event,
)
from shared_events.fold import JobView, Outcome
from tests.model.mutation import Mutant

JOB: Final = "0123456789abcdefghij"
KINDS: Final = st.one_of(
    st.tuples(st.just("chunk"), st.text(max_size=8), st.integers(1, 3)),
    st.tuples(st.just("chunk"), st.sampled_from(["\U0001f600", "\ud55c", "\x01", '"']), st.just(1)),
    st.tuples(st.sampled_from(["rewind", "status", "progress"]), st.just(""), st.integers(0, 9)),
)


def events_of(drawn: list[tuple[str, str, int]]) -> list[Event]:
    """A job's events; a chunk that stands for several is as one that was merged before."""
    events: list[Event] = []
    sequence = 0
    for kind, text, number in drawn:
        first, sequence = sequence + 1, sequence + (number if kind == "chunk" else 1)
        events.append(_event(kind, text, number, first=first, last=sequence))
    return events


def _event(kind: str, text: str, number: int, *, first: int, last: int) -> Event:
    at: dict[str, Any] = {"job_id": JOB, "sequence": last, "timestamp": last}
    match kind:
        case "chunk":
            begin = first if first < last else None
            return ModelChunk(
                **at, chunk=text, from_sequence=begin, metadata=ChunkMetadata(step=f"step {last}")
            )
        case "rewind":
            return ModelRewind(**at, length=number, attempt=number, reason="retry")
        case "status":
            return JobStatusChanged(**at, status=JobStatus.RUNNING, attempt=number, epoch=f"epoch{number}")
        case _:
            return JobProgress(**at, progress=number / 10)


def folded(events: list[Event]) -> JobView:
    view = JobView(JOB)
    for event in events:
        assert view.receive(event) is Outcome.APPLIED
    return view


def merged_events(events: list[Event]) -> tuple[list[Event], int]:
    """What comes of `events`, and for how many it says that it stands."""
    made = list(module.merged(map(module.said, map(encode_event, events))))
    return [decode_event(event) for event, _ in made], sum(count for _, count in made)


# What the mutants below are about, whatever is drawn.
EVERYTHING: Final = [
    ("chunk", "a", 3),
    ("chunk", "b", 1),
    ("rewind", "", 1),
    ("chunk", "c", 2),
    ("chunk", "d", 1),
    ("status", "", 1),
]


@given(st.lists(KINDS, max_size=30), st.integers(0, 29))
@example(EVERYTHING, 0)
def test_the_fold_of_what_is_merged_is_the_fold_of_what_was_said(
    drawn: list[tuple[str, str, int]], begin: int
) -> None:
    events = events_of(drawn)
    before, after = events[:begin], events[begin:]
    made, count = merged_events(after)
    shown, expected = folded([*before, *made]), folded(events)
    assert shown.snapshot(reset=False) == expected.snapshot(reset=False)
    assert count == len(after)


@given(st.lists(KINDS, max_size=30))
def test_no_two_chunks_stay_side_by_side(drawn: list[tuple[str, str, int]]) -> None:
    made, _ = merged_events(events_of(drawn))
    kinds = [isinstance(event, ModelChunk) for event in made]
    assert (True, True) not in set(pairwise(kinds))


@given(st.lists(st.integers(1, 40), min_size=1, max_size=50))
def test_a_merged_chunk_is_bounded(lengths: list[int]) -> None:
    events = events_of([("chunk", "x" * length, 1) for length in lengths])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MERGED_CHARACTERS", 100)
        made, _ = merged_events(events)
    sizes = [len(event.chunk) for event in made if isinstance(event, ModelChunk)]
    assert max(sizes) < 100 + 40
    assert all(size >= 100 for size in sizes[:-1])


def test_what_need_not_be_merged_keeps_its_bytes() -> None:
    events = [
        encode_event(event) for event in events_of([("status", "", 1), ("chunk", "a", 1), ("rewind", "", 0)])
    ]
    assert [event for event, _ in module.merged(map(module.said, events))] == events


def test_no_more_is_looked_into_than_is_wanted() -> None:
    """The rest of a long job was gone through for each piece of it."""
    events = events_of([("chunk", "x" * MERGED_CHARACTERS, 1)] * 3)
    left = map(module.said, map(encode_event, events))
    assert next(module.merged(left)) == (encode_event(events[0]), 1)
    assert len(list(left)) == 2


def test_a_merged_chunk_has_the_time_and_the_metadata_of_its_last() -> None:
    [made], _ = merged_events(events_of([("chunk", "a", 1), ("chunk", "b", 2)]))
    assert made == ModelChunk(
        job_id=JOB,
        sequence=3,
        timestamp=3,
        chunk="ab",
        from_sequence=1,
        metadata=ChunkMetadata(step="step 3"),
    )
    assert MERGED_CHARACTERS == 16 * 1024
    assert msgspec.json.decode(encode_event(made))[1]["fromSequence"] == 1


RUN: Final = "realtime.fan_out.merge:_merged_run"
MUTANTS: Final = {
    "it begins where its last does": Mutant(RUN, "from_sequence=begin", "from_sequence=last.sequence"),
    "it forgets what was merged before": Mutant(
        RUN, "first.sequence if first.from_sequence is None else first.from_sequence", "first.sequence"
    ),
    "it goes over what stands between": Mutant(
        "realtime.fan_out.merge:_runs", "run and one.chunk is None", "False"
    ),
    "it counts itself only": Mutant(
        RUN, "return encode_event(whole), len(run)", "return encode_event(whole), 1"
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_found_out(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    MUTANTS[name].apply(monkeypatch)
    with pytest.raises((AssertionError, IndexError, ExceptionGroup)):
        test_the_fold_of_what_is_merged_is_the_fold_of_what_was_said()
