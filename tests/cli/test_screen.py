"""What a follower in a terminal is told of a job that does not run."""

import pytest
from rich.text import Text

from cli.screen import Screen, counted, remark, result_in_short
from shared_events.events import (
    Event,
    JobCompleted,
    JobProgress,
    JobSnapshot,
    JobStatus,
    JobStatusChanged,
    ModelChunk,
)
from shared_events.fold import JobView

JOB, EPOCH = "0123456789abcdefghij", "0123456789ab"


def status(sequence: int, value: JobStatus, *, attempt: int = 1, reason: str | None = None) -> Event:
    return JobStatusChanged(
        job_id=JOB, sequence=sequence, timestamp=1, status=value, attempt=attempt, epoch=EPOCH, reason=reason
    )


def chunk(sequence: int, text: str) -> Event:
    return ModelChunk(job_id=JOB, sequence=sequence, timestamp=1, chunk=text)


def progress(sequence: int, value: float, step: str | None = None) -> Event:
    return JobProgress(job_id=JOB, sequence=sequence, timestamp=1, progress=value, step=step)


def show(screen: Screen, told: list[Event]) -> JobView:
    """The view after `told`, each shown as it was applied."""
    view = JobView(JOB)
    for event in told:
        view.receive(event)
        screen.show(event, view)
    return view


def said(value: JobStatus, before: JobStatus | None = None, **fields: str | None) -> str:
    view = JobView(JOB)
    view.receive(status(1, value, reason=fields.get("reason")))
    return Text.from_markup(remark(view, before)).plain


@pytest.mark.parametrize(
    ("value", "reason", "expected"),
    [
        (JobStatus.QUEUED, None, "queued"),
        (JobStatus.RUNNING, None, ""),
        (JobStatus.PAUSED, None, "paused"),
        (JobStatus.PAUSED, "lunch [/] \x1b[31m", "paused: lunch [/] \ufffd[31m"),
        (JobStatus.RETRYING, None, "trying again (attempt 2)…"),
        (JobStatus.RETRYING, "429", "trying again (attempt 2)…: 429"),
        (JobStatus.STALLED, None, "stalled: the worker fell silent; looking for another"),
        (JobStatus.STALLED, "its lease ran out", "stalled: its lease ran out; looking for another"),
    ],
)
def test_each_status_is_told_in_words(value: JobStatus, reason: str | None, expected: str) -> None:
    assert said(value, reason=reason) == expected


@pytest.mark.parametrize("before", [JobStatus.PAUSED, JobStatus.RETRYING, JobStatus.STALLED])
def test_a_job_that_rested_is_said_to_go_on(before: JobStatus) -> None:
    assert said(JobStatus.RUNNING, before) == "goes on"
    assert said(JobStatus.RUNNING, JobStatus.QUEUED) == ""


def test_remarks_go_to_stderr_and_the_text_stays_whole(capsys: pytest.CaptureFixture[str]) -> None:
    told = [
        status(1, JobStatus.RUNNING), chunk(2, "half "), status(3, JobStatus.PAUSED, reason="lunch"),
        status(4, JobStatus.RUNNING), chunk(5, "an answer"), status(6, JobStatus.RETRYING),
    ]  # fmt: skip
    show(Screen(), told)
    out, err = capsys.readouterr()
    assert out == "half an answer"
    assert err.splitlines() == ["paused: lunch", "goes on", "trying again (attempt 2)…"]


def test_who_comes_to_a_paused_job_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    snapshot = JobSnapshot(
        job_id=JOB, epoch=EPOCH, sequence=3, reset=False, text="half", status=JobStatus.PAUSED, attempt=1
    )
    screen, view = Screen(), JobView(JOB)
    view.receive_snapshot(snapshot)
    screen.show(snapshot, view)
    assert capsys.readouterr() == ("half", "paused\n")


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both streams are taken for one terminal."""
    monkeypatch.setenv("FORCE_COLOR", "1")


@pytest.mark.usefixtures("terminal")
def test_progress_at_every_word_leaves_the_line_of_text_whole(capsys: pytest.CaptureFixture[str]) -> None:
    told = [status(1, JobStatus.RUNNING)]
    for word in range(10):
        told += [chunk(2 + 2 * word, f"w{word} "), progress(3 + 2 * word, 10.0 * word)]
    show(Screen(), told)
    out, err = capsys.readouterr()
    assert out == "".join(f"w{word} " for word in range(10))
    assert err == ""


@pytest.mark.usefixtures("terminal")
def test_progress_that_was_held_back_is_told_at_the_end_of_the_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    events = [
        status(1, JobStatus.RUNNING),
        chunk(2, "half"),
        progress(3, 33.3333, "reading"),
        chunk(4, " a\n"),
    ]
    show(Screen(), events)
    out, err = capsys.readouterr()
    assert (out, Text.from_ansi(err).plain.rstrip()) == ("half a\n", "33 %  reading")


def test_in_a_pipe_progress_is_told_at_every_tenth_per_cent(capsys: pytest.CaptureFixture[str]) -> None:
    show(Screen(), [status(1, JobStatus.RUNNING), *(progress(2 + n, n / 3) for n in range(100))])
    assert capsys.readouterr().err.splitlines() == ["0 %", "10 %", "20 %", "30 %"]


def test_a_sentence_is_not_wrapped_in_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    why = "for a long time, " * 20
    show(Screen(), [status(1, JobStatus.PAUSED, reason=why)])
    assert capsys.readouterr().err == f"paused: {why}\n"


def test_the_result_is_told_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    screen, result = Screen(), {"score": [1, 2.5], "said": ":smile: [red]"}
    done = JobCompleted(job_id=JOB, sequence=2, timestamp=1, result=result)
    screen.ended(show(screen, [status(1, JobStatus.RUNNING), done]))
    first, last = capsys.readouterr().err.splitlines()
    assert first.startswith("completed 2 events, ")
    assert last == 'result {"score":[1,2.5],"said":":smile: [red]"}'


def test_a_long_result_is_cut() -> None:
    assert result_in_short("x" * 498) == f'"{"x" * 498}"'
    assert result_in_short("x" * 499) == f'"{"x" * 499}…'


def test_one_is_told_as_one() -> None:
    assert [counted(number, "chunk") for number in (0, 0.7, 1, 1.4, 2)] == [
        "0 chunks", "1 chunk", "1 chunk", "1 chunk", "2 chunks",
    ]  # fmt: skip
