"""Ids: what is one, and what is not."""

from typing import Any
from uuid import uuid4

import pytest

from shared_events.ids import is_epoch, is_job_id, is_sequence, new_epoch, new_job_id

UUID = "00000000-0000-4000-8000-000000000000"


def test_new_ids_are_ids_and_differ() -> None:
    ids = {new_job_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(map(is_job_id, ids))
    assert is_epoch(new_epoch())


def test_a_lower_case_uuid_is_a_job_id() -> None:
    assert is_job_id(str(uuid4()))
    assert not is_job_id(UUID.replace("4000", "A000"))


@pytest.mark.parametrize(
    "value",
    [
        *(None, 1, "", "a" * 19, "a" * 21, "A" * 20, "ä" * 20, "a" * 20 + "\n", b"a" * 20),
        *(UUID + "\n", UUID[:-1], UUID + "0", UUID.replace("-", ""), UUID.replace("0", "g"), f"{{{UUID}}}"),
    ],
)
def test_what_is_no_job_id(value: Any) -> None:
    assert not is_job_id(value)


@pytest.mark.parametrize(
    ("value", "good"),
    [(0, True), (2**53 - 1, True), (2**53, False), (-1, False), (1.0, False), (True, False)],
)
def test_sequences(value: Any, good: bool) -> None:
    assert is_sequence(value) is good
