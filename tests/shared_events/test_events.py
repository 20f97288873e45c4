"""Events as bytes."""

import pytest

from shared_events.errors import InvalidEvent
from shared_events.events import (
    ChunkMetadata,
    JobSnapshot,
    JobStatus,
    ModelChunk,
    decode_event,
    encode_event,
    ends_job,
)
from tests.making import chunk, completed, encoded, failed, status

JOB = "0123456789abcdefghij"


def test_the_bytes_are_the_contract() -> None:
    event = ModelChunk(
        job_id=JOB,
        sequence=2,
        timestamp=1700000000000,
        chunk="a\n\u2028🙂",
        metadata=ChunkMetadata(model="m", tokens_per_sec=42.5),
    )
    assert encode_event(event).decode() == (
        '["model:chunk",{"jobId":"0123456789abcdefghij","sequence":2,"timestamp":1700000000000,'
        '"chunk":"a\\n\u2028🙂","metadata":{"model":"m","tokens_per_sec":42.5}}]'
    )


def test_a_snapshot_says_whether_it_resets_and_leaves_out_what_is_absent() -> None:
    snapshot = JobSnapshot(
        job_id=JOB, epoch="e", sequence=0, reset=False, text="", status=JobStatus.QUEUED, attempt=0
    )
    assert encode_event(snapshot) == (
        b'["job:snapshot",{"jobId":"0123456789abcdefghij","epoch":"e","sequence":0,"reset":false,"text":"",'
        b'"status":"queued","attempt":0}]'
    )


def test_every_event_comes_back() -> None:
    for event in (chunk(JOB, 1, "x"), status(JOB, 1, "e"), completed(JOB, 3), failed(JOB, 4)):  # type: ignore[arg-type]
        assert decode_event(encode_event(event)) == event


@pytest.mark.parametrize(
    "data", [b"", b"[]", b'["model:chunk"]', b'["job:snapshot",{}]', b'["model:chunk",{}]', b"1"]
)
def test_what_is_no_event_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidEvent, match="not an event of the protocol"):
        decode_event(data)


def test_the_terminal_event_is_known_without_parsing() -> None:
    job_id = JOB
    assert ends_job(encoded(chunk(job_id, 1, "x"), completed(job_id, 2)))  # type: ignore[arg-type]
    assert not ends_job(encoded(completed(job_id, 1), chunk(job_id, 2, '["job:completed",')))  # type: ignore[arg-type]
    assert not ends_job([])
