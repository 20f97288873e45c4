"""What to show of a document: the job's word where its agent cannot speak, else the agent's."""

from typing import Any

import pytest

from shared_events.document_state import stream_status
from shared_events.events import JobStatus


@pytest.mark.parametrize(
    ("status", "said", "shown"),
    [
        (JobStatus.QUEUED, None, "idle"),
        (JobStatus.RUNNING, None, "idle"),
        (JobStatus.RUNNING, {}, "idle"),
        (JobStatus.RUNNING, {"streamStatus": "idle"}, "idle"),
        (JobStatus.RUNNING, {"streamStatus": "streaming"}, "streaming"),
        (JobStatus.RUNNING, {"streamStatus": ["?"]}, "idle"),
        (JobStatus.PAUSED, {"streamStatus": "streaming"}, "paused"),
        (JobStatus.RETRYING, {"streamStatus": "streaming"}, "idle"),
        (JobStatus.STALLED, {"streamStatus": "streaming"}, "idle"),
        (JobStatus.FAILED, {"streamStatus": "streaming"}, "idle"),
        (JobStatus.CANCELLED, {"streamStatus": "streaming"}, "cancelled"),
        (JobStatus.RUNNING, {"streamStatus": "complete"}, "complete"),
        (JobStatus.COMPLETED, {"streamStatus": "idle"}, "complete"),
    ],
)
def test_the_status_of_a_stream(status: JobStatus, said: dict[str, Any] | None, shown: str) -> None:
    assert stream_status(status, said) == shown
