"""The fold beyond its cases: properties."""

from hypothesis import given
from hypothesis import strategies as st

from shared_events.events import Event, JobProgress, ModelChunk, ModelRewind
from shared_events.fold import JobView, Outcome, fold, rewind, utf16_length
from tests.making import completed

JOB = "0123456789abcdefghij"
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
STEPS = st.lists(st.one_of(TEXTS, st.integers(0, 20), st.floats(0, 100)), max_size=30)


def events_of(steps: list[str | int | float]) -> list[Event]:
    """A text is a chunk, a whole number a rewind, any other number progress."""
    made: list[Event] = []
    for sequence, step in enumerate(steps, 1):
        match step:
            case str():
                made.append(ModelChunk(job_id=JOB, sequence=sequence, timestamp=1, chunk=step))
            case int():
                made.append(
                    ModelRewind(
                        job_id=JOB, sequence=sequence, timestamp=1, length=step, attempt=2, reason="retry"
                    )
                )
            case _:
                made.append(JobProgress(job_id=JOB, sequence=sequence, timestamp=1, progress=step))
    return made


def merged(events: list[Event], cuts: list[bool]) -> list[Event]:
    """Adjacent chunks put together, where the cuts allow it."""
    out: list[Event] = []
    for event, cut in zip(events, cuts, strict=True):
        last = out[-1] if out else None
        if isinstance(event, ModelChunk) and isinstance(last, ModelChunk) and not cut:
            first = last.from_sequence or last.sequence
            both = last.chunk + event.chunk
            out[-1] = ModelChunk(
                job_id=JOB, sequence=event.sequence, timestamp=1, chunk=both, from_sequence=first
            )
        else:
            out.append(event)
    return out


@given(STEPS, st.data())
def test_merging_chunks_never_changes_the_fold(steps: list[str | int | float], data: st.DataObject) -> None:
    events = events_of(steps)
    cuts = data.draw(st.lists(st.booleans(), min_size=len(events), max_size=len(events)))
    assert fold(JOB, merged(events, cuts)).snapshot(reset=False) == fold(JOB, events).snapshot(reset=False)


@given(STEPS, st.integers(0, 30))
def test_a_snapshot_in_the_middle_stands_for_what_came_before(
    steps: list[str | int | float], at: int
) -> None:
    events = events_of(steps)
    base = fold(JOB, events[:at]).snapshot(reset=False)
    resumed = fold(JOB, events[at:], base=base)
    assert resumed.snapshot(reset=False) == fold(JOB, events).snapshot(reset=False)
    assert resumed.text_length == len(resumed.text)


@given(STEPS, st.lists(st.integers(0, 29), max_size=60))
def test_whatever_arrives_the_view_is_a_prefix(steps: list[str | int | float], arrivals: list[int]) -> None:
    events = events_of(steps)
    view = JobView(JOB)
    for index in arrivals:
        if index < len(events):
            view.receive(events[index])
            expected = fold(JOB, events[: view.sequence])
            assert (view.text, view.progress) == (expected.text, expected.progress)


@given(TEXTS, st.integers(0, 20))
def test_rewind_counts_as_javascript_does(text: str, length: int) -> None:
    kept = rewind(text, length)
    assert text.startswith(kept)
    assert utf16_length(kept) == min(length, utf16_length(text)) or utf16_length(kept) == length - 1


def test_nothing_follows_the_end() -> None:
    view = fold(JOB, [completed(JOB, 1)])  # type: ignore[arg-type]
    assert view.receive(ModelChunk(job_id=JOB, sequence=2, timestamp=1, chunk="x")) is Outcome.CLOSED
