"""What to show of a document; `tests/web/document_state.test.js` runs the same cases by JavaScript."""

import json
from pathlib import Path
from typing import Any

import pytest

from shared_events.document_state import DocumentState, stream_status
from shared_events.events import JobStatus

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "document_states.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_job_has_the_word_where_its_agent_cannot_speak(case: dict[str, Any]) -> None:
    assert stream_status(JobStatus(case["status"]), case["metadata"]) == case["shown"]


def test_each_status_of_a_job_has_its_case() -> None:
    assert {case["status"] for case in CASES} == set(JobStatus)


def test_percent_is_of_the_sections_and_none_where_they_are_not_known() -> None:
    def percent(completed: int, total: int) -> float:
        return DocumentState(
            sections_completed=completed,
            sections_total=total,
            tokens_generated=0,
            current_section=None,
            stream_status="idle",
        ).percent

    assert [percent(0, 0), percent(1, 3), percent(3, 3)] == [0, 33.3, 100]
