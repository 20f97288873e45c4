"""Control: what users, the audience and the worker ask of an attempt; the first word that ends it counts."""

import msgspec
import pytest

from agents import Policy
from shared_events.answers import Answer, Appended
from shared_events.contract import ControlRequest
from shared_events.events import JobCancelled
from tests.waiting import eventually
from workers import pausing
from workers.audience import Audience
from workers.control import UNWATCHED, Control, HandBack
from workers.outcome import Ending

PAUSES = Policy(on_unwatched="pause", unwatched_grace_s=1)
CANCELS = Policy(on_unwatched="cancel", unwatched_grace_s=1)


class Told(Control):
    """A control that notes each change of its pause, with a clock for its audience."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.changes: list[bool] = []
        super().__init__(policy or Policy(), on_pause=lambda: self.changes.append(self.pause.paused))
        self.now_s = 0.0
        self._audience = Audience(policy or Policy(), lambda: self.now_s)

    def counts(self, listeners: int, *, after_s: float = 0.0, control: str = "") -> None:
        self.now_s += after_s
        self.heard(Appended(Answer.OK, head=1, listeners=listeners, control=control))


def asks(request: str, reason: str | None = None, by: str | None = None, id: str = "") -> str:  # noqa: A002
    return msgspec.json.encode(ControlRequest(request=request, reason=reason, by=by, id=id)).decode()  # type: ignore[arg-type]


def cancelled(reason: str | None, by: str | None = None) -> Ending:
    return Ending(JobCancelled, {"reason": reason, "cancelled_by": by})


async def test_a_cancel_ends_the_attempt_with_its_reason() -> None:
    control = Told()
    control.obey(asks("cancel", "enough", "dev"))
    assert control.interrupted.is_set()
    assert control.interruption == control.cancellation == cancelled("enough", "dev")


async def test_the_first_word_counts() -> None:
    control = Told()
    control.cancel("one", None)
    control.cancel("two", None)
    control.hand_back("three")
    assert control.interruption == cancelled("one")


async def test_a_cancel_after_a_hand_back_is_not_left_to_the_next_attempt() -> None:
    control = Told()
    control.hand_back("drain")
    control.obey(asks("cancel"))
    assert (control.interruption, control.cancellation) == (HandBack("drain"), cancelled(None))


async def test_a_request_that_comes_with_every_answer_is_done_once() -> None:
    control = Told()
    for _ in range(3):
        control.counts(1, control=asks("pause", "wait"))
    control.pause.end()
    control.counts(1, control=asks("pause", "wait"))
    assert control.changes == [True, False]


async def test_a_request_can_come_again_after_another() -> None:
    control = Told()
    for request in ("pause", "resume", "pause"):
        control.obey(asks(request))
    assert control.changes == [True, False, True]
    control.pause.close()


async def test_a_log_that_lost_the_request_asks_for_nothing() -> None:
    """An answer of a log that was made anew ended the writer, and with it the job, with a decoding error."""
    control = Told()
    control.obey(asks("pause"))
    control.counts(-1)
    assert control.pause.paused
    control.obey(asks("pause"))
    assert control.changes == [True], "what was done once is not done again"
    control.pause.close()


async def test_a_cancel_ends_a_job_that_is_paused() -> None:
    control = Told()
    control.obey(asks("pause"))
    control.obey(asks("cancel", "enough"))
    assert control.interruption == cancelled("enough")
    control.pause.close()


async def test_a_job_that_is_paused_for_too_long_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pausing, "PAUSE_LIMIT_S", 0.02)
    control = Told()
    control.obey(asks("pause"))
    await eventually(control.interrupted.is_set)
    assert control.cancellation is not None
    assert "paused for longer than" in control.cancellation.fields["reason"]


async def test_a_job_that_nobody_watches_is_paused_until_somebody_does() -> None:
    control = Told(PAUSES)
    control.counts(0)
    control.counts(0, after_s=1)
    assert (control.pause.paused, control.pause.reason) == (True, UNWATCHED)
    control.counts(1)
    assert control.changes == [True, False]


async def test_a_job_that_nobody_watches_is_cancelled() -> None:
    control = Told(CANCELS)
    control.counts(0, after_s=1)
    assert control.interruption == cancelled(UNWATCHED)


async def test_a_job_that_is_paused_again_for_want_of_watchers_can_be_resumed_again() -> None:
    """The second resume read as the first one did, and so was taken for it: the job stayed paused."""
    control = Told(PAUSES)
    control.obey(asks("resume", id="first"))
    control.counts(0, after_s=1)
    control.counts(0, control=asks("resume", id="first"))
    assert control.changes == [True]
    control.counts(0, control=asks("resume", id="second"))
    assert control.changes == [True, False]


async def test_an_answer_that_counted_nobody_is_not_taken_for_an_empty_room() -> None:
    control = Told(CANCELS)
    control.counts(-1, after_s=100)
    assert control.interruption is None


async def test_a_watcher_who_returns_does_not_end_a_users_pause() -> None:
    control = Told(PAUSES)
    control.obey(asks("pause", "lunch"))
    control.counts(0, after_s=1)
    control.counts(1)
    assert (control.pause.paused, control.pause.reason) == (True, "lunch")
    control.pause.close()


async def test_a_users_pause_of_a_job_that_nobody_watched_outlasts_the_watchers_return() -> None:
    """It was not taken, as the job was paused already: the next watcher set the job going."""
    control = Told(PAUSES)
    control.counts(0, after_s=1)
    control.obey(asks("pause", "lunch"))
    control.counts(1)
    assert (control.pause.paused, control.pause.reason) == (True, "lunch")
    control.obey(asks("resume"))
    assert not control.pause.paused


async def test_a_user_may_resume_a_job_that_nobody_watches() -> None:
    control = Told(PAUSES)
    control.counts(0, after_s=1)
    control.obey(asks("resume"))
    control.counts(0, after_s=100)
    assert control.changes == [True, False]
