"""What a node remembers of jobs that are published through it: little, and not for long."""

import pytest

from realtime.outside import ledger as module
from realtime.outside.ledger import IDLE_S, Held, Ledger
from shared_events.events import ModelChunk
from shared_events.ids import JobId


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def held(number: int, characters: int = 0) -> Held:
    one = Held(JobId(f"{number:020}"), "digest")
    one.view.receive(ModelChunk(job_id=one.job_id, sequence=1, timestamp=1, chunk="x" * characters))
    return one


async def test_jobs_that_nobody_used_for_long_are_forgotten() -> None:
    clock = Clock()
    ledger, old, new = Ledger(clock), held(1), held(2)
    ledger.use(old)
    clock.now = IDLE_S + 1
    ledger.use(new)
    assert (ledger.get(old.job_id), ledger.get(new.job_id)) == (None, new)


async def test_no_more_jobs_are_kept_than_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_JOBS", 3)
    ledger, jobs = Ledger(), [held(number) for number in range(5)]
    for job in jobs[:3]:
        ledger.use(job)
    ledger.use(jobs[0])
    for job in jobs[3:]:
        ledger.use(job)
    assert [job for job in jobs if ledger.get(job.job_id)] == [jobs[0], jobs[3], jobs[4]]


async def test_no_more_text_is_kept_than_may_be_but_for_the_one_in_use(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MOST_CHARACTERS", 100)
    ledger = Ledger()
    for number in range(4):
        ledger.use(held(number, 40))
    assert (len(ledger), ledger.characters) == (2, 80)
    ledger.use(held(9, 1000))
    assert len(ledger) == 1


async def test_only_what_is_there_is_dropped() -> None:
    ledger, one, twin = Ledger(), held(1), held(1)
    ledger.use(one)
    assert not ledger.drop(twin)
    assert ledger.drop(one)
    assert len(ledger) == 0
