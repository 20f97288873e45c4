"""From where a follower goes on: the pure decision."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_events.checkpoint import Checkpoint, Delta, EpochStart, Reach, Snapshot, parse_epochs, resume
from shared_events.ids import Epoch

E1, E2, E3 = Epoch("a" * 12), Epoch("b" * 12), Epoch("c" * 12)
REACH = Reach((EpochStart(E1, 1), EpochStart(E2, 11)), first=5, head=20)


@pytest.mark.parametrize(
    ("checkpoint", "expected"),
    [
        (None, Snapshot(reset=False)),
        (Checkpoint(20, E2), Delta(20)),
        (Checkpoint(4, E2), Delta(4)),
        (Checkpoint(10, E1), Delta(10)),
        (Checkpoint(4, E1), Delta(4)),
        (Checkpoint(15), Delta(15)),
        pytest.param(Checkpoint(3, E1), Snapshot(reset=False), id="older than the log still holds"),
        pytest.param(Checkpoint(11, E1), Snapshot(reset=True), id="overtaken by the next epoch"),
        pytest.param(Checkpoint(21, E2), Snapshot(reset=True), id="ahead of the log"),
        pytest.param(Checkpoint(10, E3), Snapshot(reset=True), id="of a foreign epoch"),
        pytest.param(Checkpoint(21), Snapshot(reset=True), id="ahead, without an epoch"),
    ],
)
def test_resume(checkpoint: Checkpoint | None, expected: Delta | Snapshot) -> None:
    assert resume(checkpoint, REACH) == expected


@given(st.data())
def test_a_delta_is_given_only_for_what_the_history_contains(data: st.DataObject) -> None:
    starts = sorted(data.draw(st.sets(st.integers(1, 30), min_size=1, max_size=4)))
    starts[0] = 1
    epochs = tuple(EpochStart(Epoch(f"{n:012d}"), first) for n, first in enumerate(starts))
    head = data.draw(st.integers(starts[-1] - 1, 40))
    first = data.draw(st.integers(1, head + 1))
    held = data.draw(st.sampled_from([*[one.epoch for one in epochs], E3, None]))
    sequence = data.draw(st.integers(0, 45))
    decision = resume(Checkpoint(sequence, held), Reach(epochs, first, head))
    ends = [one.first - 1 for one in epochs[1:]] + [head]
    end = {one.epoch: last for one, last in zip(epochs, ends, strict=True)}
    if sequence > (head if held is None else end.get(held, -1)):
        assert decision == Snapshot(reset=True)
    else:
        assert decision == (Delta(sequence) if sequence >= first - 1 else Snapshot(reset=False))


def test_parse_epochs() -> None:
    assert parse_epochs("a:1 b:40") == (EpochStart(Epoch("a"), 1), EpochStart(Epoch("b"), 40))


def test_an_epoch_that_has_written_nothing_yet_names_no_checkpoint() -> None:
    old, heir = Epoch("old"), Epoch("heir")
    epochs = (EpochStart(old, 1), EpochStart(heir, 4))
    assert Reach(epochs=epochs, first=1, head=3).wrote == old
    assert Reach(epochs=epochs, first=1, head=4).wrote == heir
    assert Reach(epochs=(EpochStart(heir, 1),), first=1, head=0).wrote == heir
