"""A job whose log or text is not what it must be is found, at its end and while it runs."""

import msgspec
import pytest

from bench.paced_text import text_of
from bench.transcript import Kept, Ticket, Transcript, count_torn, count_wrong, transcript
from shared_events.events import (
    ErrorInfo,
    Event,
    JobCompleted,
    JobFailed,
    JobSnapshot,
    JobStatus,
    JobStatusChanged,
    ModelChunk,
    encode_event,
)

JOB = "0123456789abcdefghij"
EPOCH = "e"
WHOLE = Transcript(text_of(7, 3), whole=True, ended=True)


def running() -> JobStatusChanged:
    return JobStatusChanged(
        job_id=JOB, sequence=1, timestamp=1, status=JobStatus.RUNNING, attempt=1, epoch=EPOCH
    )


def chunk(sequence: int) -> ModelChunk:
    return ModelChunk(job_id=JOB, sequence=sequence, timestamp=1, chunk=letter(sequence))


def letter(sequence: int) -> str:
    return "?abcdefgh"[sequence - 1]


def completed(sequence: int) -> JobCompleted:
    return JobCompleted(job_id=JOB, sequence=sequence, timestamp=1)


def failed(sequence: int) -> JobFailed:
    error = ErrorInfo(code="x", message="x", retryable=False)
    return JobFailed(job_id=JOB, sequence=sequence, timestamp=1, error=error)


def base(sequence: int, text: str, status: JobStatus = JobStatus.RUNNING) -> JobSnapshot:
    return JobSnapshot(
        job_id=JOB, epoch=EPOCH, sequence=sequence, reset=False, text=text, status=status, attempt=1
    )


def kept(*events: Event, first: int = 1, head: int | None = None, base: JobSnapshot | None = None) -> Kept:
    last = head if head is not None else first + len(events) - 1
    return Kept(first, last, list(map(encode_event, events)), base, EPOCH)


ENDED = kept(running(), chunk(2), chunk(3), completed(4))
FOLDED = kept(chunk(4), chunk(5), completed(6), first=4, base=base(6, "abcd", JobStatus.COMPLETED))
LIVE = kept(chunk(4), chunk(5), chunk(6), first=4, base=base(4, "abc"))


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        (ENDED, Transcript("ab", whole=True, ended=True)),
        (FOLDED, Transcript("abcd", whole=True, ended=True)),
        (LIVE, Transcript("abcde", whole=True, ended=False)),
        (msgspec.structs.replace(LIVE, base=base(3, "ab")), Transcript("abcde", whole=True, ended=False)),
    ],
    ids=["all its events", "compacted at its end", "compacted while it runs", "base right before the events"],
)
def test_a_whole_log_tells_its_text_and_whether_it_has_ended(log: Kept, expected: Transcript) -> None:
    assert transcript(JOB, log) == expected


@pytest.mark.parametrize(
    "log",
    [
        kept(running(), chunk(2), completed(4), head=4),
        kept(running(), chunk(2), chunk(2), completed(3)),
        msgspec.structs.replace(ENDED, head=5),
        msgspec.structs.replace(ENDED, first=2),
        msgspec.structs.replace(ENDED, epoch="another"),
        kept(first=1, head=1),
        msgspec.structs.replace(LIVE, base=None),
        msgspec.structs.replace(LIVE, base=base(2, "a")),
        msgspec.structs.replace(LIVE, base=base(7, "abcdef")),
        msgspec.structs.replace(LIVE, base=base(4, "abx")),
        msgspec.structs.replace(LIVE, base=base(4, "ab")),
        msgspec.structs.replace(FOLDED, base=base(6, "abcx", JobStatus.COMPLETED)),
        msgspec.structs.replace(ENDED, base=base(3, "xab")),
    ],
    ids=[
        *("hole", "double", "tail cut", "beginning cut", "epoch of nobody", "nothing", "no base"),
        *("hole behind the base", "base ahead of the log", "base of another text", "base short of a chunk"),
        *("final base of another text", "base with more than the log that is all there"),
    ],
)
def test_any_other_log_is_not_whole(log: Kept) -> None:
    assert not transcript(JOB, log).whole


@pytest.mark.parametrize(
    "log",
    [
        kept(running(), chunk(2)),
        kept(running(), completed(2), completed(3)),
        kept(running(), completed(2), chunk(3)),
        kept(running(), chunk(2), failed(3)),
        msgspec.structs.replace(FOLDED, base=base(6, "abcd")),
        kept(first=7, head=6, base=base(6, "abcd", JobStatus.COMPLETED)),
    ],
    ids=["no end", "two ends", "end before the end", "failed", "base knows of no end", "no event left"],
)
def test_only_one_completion_as_the_last_event_is_an_end(log: Kept) -> None:
    assert not transcript(JOB, log).ended


@pytest.mark.parametrize(
    ("found", "wrong"),
    [
        (WHOLE, 0),
        (Transcript(text_of(7, 2), whole=True, ended=True), 1),
        (Transcript(text_of(8, 3), whole=True, ended=True), 1),
        (Transcript(text_of(7, 3), whole=False, ended=True), 1),
        (Transcript(text_of(7, 3), whole=True, ended=False), 1),
    ],
    ids=["right", "a token short", "of another stream", "in a torn log", "without its end"],
)
def test_a_job_is_wrong_unless_it_has_all_of_its_own_text(found: Transcript, wrong: int) -> None:
    assert count_wrong([Ticket(JOB, 7, 0)], [found], {7: 3}) == wrong


def test_a_job_that_the_server_never_heard_of_is_wrong() -> None:
    assert count_wrong([Ticket(JOB, 7, 0)], [WHOLE], {}) == 1


@pytest.mark.parametrize(
    ("text", "whole", "torn"),
    [
        (text_of(7, 3), True, 0),
        ("", True, 0),
        (text_of(7, 3)[:-1], True, 1),
        (text_of(8, 3), True, 1),
        (text_of(7, 3), False, 1),
    ],
    ids=["its beginning", "nothing yet", "half a token", "of another stream", "in a torn log"],
)
def test_a_running_job_is_torn_unless_it_has_the_beginning_of_its_text(
    text: str, whole: bool, torn: int
) -> None:
    assert count_torn([Ticket(JOB, 7, 0)], [Transcript(text, whole, ended=False)]) == torn
