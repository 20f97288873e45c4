"""Ids: what is one, and what is not."""

from typing import Any

import pytest

from shared_events.ids import is_epoch, is_job_id, is_sequence, new_epoch, new_job_id


def test_new_ids_are_ids_and_differ() -> None:
    ids = {new_job_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(map(is_job_id, ids))
    assert is_epoch(new_epoch())


@pytest.mark.parametrize(
    "value", [None, 1, "", "a" * 19, "a" * 21, "A" * 20, "ä" * 20, "a" * 20 + "\n", b"a" * 20]
)
def test_what_is_no_job_id(value: Any) -> None:
    assert not is_job_id(value)


@pytest.mark.parametrize(
    ("value", "good"),
    [(0, True), (2**53 - 1, True), (2**53, False), (-1, False), (1.0, False), (True, False)],
)
def test_sequences(value: Any, good: bool) -> None:
    assert is_sequence(value) is good
