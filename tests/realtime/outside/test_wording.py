"""What a publisher said, as events, and what a job can take."""

from typing import Any

import msgspec
import pytest

from realtime.errors import InvalidRequest
from realtime.outside import requests, wording
from realtime.outside.errors import TooMuchText
from shared_events.events import ModelChunk
from shared_events.fold import JobView, fold


def said(*events: dict[str, Any]) -> list[requests.Said]:
    return [msgspec.convert(event, requests.Said) for event in events]


def viewing(text: str) -> JobView:
    view = JobView("0" * 20)
    chunk = ModelChunk(job_id=view.job_id, sequence=1, timestamp=1, chunk=text)
    view.receive(chunk)
    return view


def test_long_text_is_told_in_pieces_and_empty_text_not_at_all() -> None:
    view = JobView("0" * 20)
    batch = said({"type": "chunk", "text": ""}, {"type": "chunk", "text": "x" * 5000, "step": "one"})
    events = wording.numbered(wording.worded(view, batch), after=0, timestamp=1)
    assert [event.sequence for event in events] == [1, 2, 3]
    assert fold(view.job_id, events).text == "x" * 5000


def test_a_job_has_no_more_text_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wording, "PUBLISHED_LIMIT_CHARACTERS", 10)
    view = viewing("12345678")
    wording.check(view, wording.worded(view, said({"type": "chunk", "text": "90"})))
    with pytest.raises(TooMuchText):
        wording.check(view, wording.worded(view, said({"type": "chunk", "text": "901"})))
    anew = said({"type": "rewind", "length": 0}, {"type": "chunk", "text": "1234567890"})
    wording.check(view, wording.worded(view, anew))


@pytest.mark.parametrize(("length", "good"), [(0, True), (3, True), (4, False)])
def test_a_rewind_goes_back_in_utf_16_units(length: int, *, good: bool) -> None:
    view = viewing("a🙂")
    events = wording.worded(view, said({"type": "rewind", "length": length}))
    if good:
        wording.check(view, events)
        return
    with pytest.raises(InvalidRequest, match="has 3 UTF-16 units"):
        wording.check(view, events)
