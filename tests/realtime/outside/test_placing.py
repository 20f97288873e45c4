"""Where a batch belongs that does not follow on the end of the log."""

from hypothesis import given
from hypothesis import strategies as st

from realtime.outside.placing import Place, place
from shared_events.events import Event, JobStatus
from shared_events.ids import Epoch, JobId
from tests.making import chunk, completed, status

JOB, EPOCH = JobId("0" * 20), Epoch("0" * 12)
TEXTS = st.lists(st.sampled_from("ab"), max_size=4)
PAUSES = st.lists(st.integers(0, 4), max_size=3)


def said(texts: list[str], *, after: int = 0) -> list[Event]:
    return [chunk(JOB, number, text) for number, text in enumerate(texts, after + 1)]


def among(events: list[Event], pauses: list[int]) -> list[Event]:
    """With statuses of the server between them."""
    mixed = list(events)
    for at in pauses:
        mixed.insert(min(at, len(mixed)), status(JOB, 1, EPOCH, JobStatus.PAUSED))
    return mixed


@given(TEXTS, TEXTS, PAUSES)
def test_a_batch_is_known_by_what_it_says_whatever_the_server_said_between(
    batch: list[str], more: list[str], pauses: list[int]
) -> None:
    after = among(said(batch + more), pauses)
    expected = Place.THERE if batch + more else Place.END
    assert place(said(batch, after=7), after) is expected


@given(TEXTS, TEXTS, PAUSES)
def test_a_batch_is_nowhere_if_anything_else_was_said(
    batch: list[str], other: list[str], pauses: list[int]
) -> None:
    after = among(said(other), pauses)
    begins_with_it = other[: len(batch)] == batch
    expected = Place.END if not other else Place.THERE if begins_with_it else Place.NOWHERE
    assert place(said(batch), after) is expected


def test_the_end_counts_as_something_that_was_said() -> None:
    assert place(said(["a"]), [completed(JOB, 3)]) is Place.NOWHERE
    assert place([], [completed(JOB, 3)]) is Place.THERE
