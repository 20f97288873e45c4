"""Attempts in a row: what one leaves, the next one says again, continues, or takes back."""

import asyncio
from typing import Any

import pytest

from agents import BackendRateLimited, BackendUnavailable, JobContext, Retry
from shared_events.events import JobStatus, JobStatusChanged, ModelRewind
from shared_events.ids import JobId
from shared_events.log import JobLog
from tests.workers.attempting import Words, attempt, events, policy, queued
from workers.outcome import Ended, HandedBack, Outcome, TryAgain

TWICE = policy(retry=Retry(attempts=2, backoff_s=4))
CONTINUES = policy(retry=Retry(attempts=2), on_retry="continue")


def saying(*words: str, then: BaseException | None = None) -> Any:
    async def run(job: JobContext[Words]) -> str:
        for word in words:
            await job.on_chunk(word)
        if then is not None:
            raise then
        return job.text

    return run


def breaking_off(*words: str) -> Any:
    return saying(*words, then=BackendUnavailable("overloaded"))


async def one_after_another(log: JobLog, *agents: Any, how: Any = TWICE) -> tuple[JobId, list[Outcome]]:
    job_id = await queued(log)
    return job_id, [await attempt(log, job_id, agent, how).run() for agent in agents]


async def rewinds(log: JobLog, job_id: JobId) -> list[int]:
    return [event.length for event in await events(log, job_id) if isinstance(event, ModelRewind)]


async def test_a_failure_that_may_pass_is_followed_by_another_attempt(log: JobLog) -> None:
    job_id, (outcome,) = await one_after_another(log, breaking_off("so far"))
    assert isinstance(outcome, TryAgain)
    assert 2 <= outcome.delay_s <= 4
    view = await log.view(job_id)
    assert (view.status, view.text, view.attempt) == (JobStatus.RETRYING, "so far", 1)
    assert view.reason is not None
    assert view.reason == f"overloaded; trying again in {outcome.delay_s:.1f} s"


class Silent(BackendUnavailable):
    """One that cannot even be printed."""

    def __str__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    "error",
    [
        BackendUnavailable("half a pair: \ud800"),
        BackendUnavailable("x" * 2**21),
        BackendRateLimited("busy", retry_after_s="12"),  # type: ignore[arg-type]
        Silent("x"),
    ],
    ids=["no unicode", "too long", "no number", "no words"],
)
async def test_an_error_that_cannot_be_said_as_it_is_still_leads_to_another_attempt(
    log: JobLog, error: BaseException
) -> None:
    """It broke the attempt off without an end: the job counted as lost three times, and then as poison."""
    job_id, outcomes = await one_after_another(log, *[saying("so far", then=error)] * 2)
    assert isinstance(outcomes[0], TryAgain)
    assert outcomes[1] == Ended(JobStatus.FAILED)
    assert (await log.view(job_id)).error is not None


async def test_the_last_attempt_ends_the_job(log: JobLog) -> None:
    job_id, outcomes = await one_after_another(log, *[breaking_off("so far")] * 2)
    assert outcomes[1:] == [Ended(JobStatus.FAILED)]
    view = await log.view(job_id)
    assert view.error is not None
    assert (view.error.code, view.attempt, view.text) == ("backend_unavailable", 2, "so far")


async def test_what_is_said_again_is_not_published_twice(log: JobLog) -> None:
    job_id, outcomes = await one_after_another(
        log, breaking_off("one ", "two"), saying("one", " two", " three")
    )
    assert outcomes[1:] == [Ended(JobStatus.COMPLETED)]
    view = await log.view(job_id)
    assert (view.text, view.result) == ("one two three", "one two three")
    assert await rewinds(log, job_id) == []


async def test_what_is_said_otherwise_is_taken_back_once(log: JobLog) -> None:
    job_id, _ = await one_after_another(log, breaking_off("🙂 two"), saying("🙂 ", "three", " four"))
    assert (await log.view(job_id)).text == "🙂 three four"
    assert await rewinds(log, job_id) == [4]


async def test_what_is_not_said_again_is_taken_back_at_the_end(log: JobLog) -> None:
    job_id, _ = await one_after_another(log, breaking_off("one two"), saying("one"))
    assert (await log.view(job_id)).text == "one"
    assert await rewinds(log, job_id) == [3]


async def test_an_attempt_that_fails_sooner_takes_nothing_back(log: JobLog) -> None:
    job_id, _ = await one_after_another(log, breaking_off("one two"), breaking_off("one"))
    assert (await log.view(job_id)).text == "one two"


async def test_a_job_that_continues_is_given_what_is_there(log: JobLog) -> None:
    given: list[tuple[str, str, int]] = []

    async def more(job: JobContext[Words]) -> str:
        given.append((job.partial, job.text, job.attempt))
        await job.on_chunk("two")
        return job.text

    job_id, _ = await one_after_another(log, breaking_off("one "), more, how=CONTINUES)
    view = await log.view(job_id)
    assert given == [("one ", "one ", 2)]
    assert (view.text, view.result) == ("one two", "one two")
    assert await rewinds(log, job_id) == []


def leaving(attempts: list[Any]) -> Any:
    """An agent whose worker has to go once it has spoken."""

    async def run(job: JobContext[Words]) -> None:
        await job.on_chunk("so far")
        attempts[-1].control.hand_back("leaving")
        await asyncio.Event().wait()

    return run


async def test_a_job_that_is_handed_back_keeps_its_text_and_loses_no_attempt(log: JobLog) -> None:
    job_id, made = await queued(log), list[Any]()
    for _ in range(4):
        made.append(attempt(log, job_id, leaving(made), TWICE))
        assert await made[-1].run() == HandedBack()
    view = await log.view(job_id)
    assert (view.status, view.reason, view.text) == (JobStatus.RETRYING, "leaving", "so far")
    assert isinstance(await attempt(log, job_id, breaking_off(), TWICE).run(), TryAgain)
    assert await rewinds(log, job_id) == []


async def test_a_job_with_a_single_attempt_is_not_handed_back_once_it_began(log: JobLog) -> None:
    """It ran again after a drain, although it must never run twice."""
    job_id, made = await queued(log), list[Any]()
    made.append(attempt(log, job_id, leaving(made)))
    assert await made[-1].run() == Ended(JobStatus.FAILED)
    view = await log.view(job_id)
    assert view.error is not None
    assert (view.error.code, view.error.retryable, view.text) == ("worker_lost", True, "so far")


async def test_a_job_that_is_handed_back_before_it_began_runs_nothing(log: JobLog) -> None:
    job_id = await queued(log)
    early = attempt(log, job_id, saying("never"))
    early.control.hand_back("leaving")
    assert await early.run() == HandedBack()
    assert (await log.view(job_id)).text == ""


CANCEL = b'{"request":"cancel","reason":"no","by":"dev"}'


def cancelled_while(log: JobLog, then: BaseException) -> Any:
    """An agent that fails when its cancel is in the log, and not yet heard of."""

    async def run(job: JobContext[Words]) -> None:
        await log.request(JobId(job.job_id), CANCEL, cancels=True)
        raise then

    return run


async def test_a_cancel_that_comes_as_the_attempt_fails_is_not_left_to_the_next_one(log: JobLog) -> None:
    job_id, outcomes = await one_after_another(log, cancelled_while(log, BackendUnavailable("overloaded")))
    assert outcomes == [Ended(JobStatus.CANCELLED)]
    view = await log.view(job_id)
    assert (view.status, view.reason) == (JobStatus.CANCELLED, "no")
    assert (await log.meta(job_id)).closed


async def test_a_cancel_that_comes_as_the_job_fails_for_good_changes_nothing(log: JobLog) -> None:
    _, outcomes = await one_after_another(log, cancelled_while(log, RuntimeError("boom")))
    assert outcomes == [Ended(JobStatus.FAILED)]


async def test_an_attempt_after_a_cancel_only_ends_the_job(log: JobLog) -> None:
    job_id, _ = await one_after_another(log, breaking_off("so far"))
    await log.request(job_id, CANCEL, cancels=True)
    assert await attempt(log, job_id, saying("never"), TWICE).run() == Ended(JobStatus.CANCELLED)
    assert (await log.view(job_id)).text == "so far"


async def test_each_attempt_has_an_epoch_of_its_own_and_the_sequence_goes_on(log: JobLog) -> None:
    job_id, _ = await one_after_another(log, breaking_off("a"), breaking_off("a"))
    said = await events(log, job_id)
    assert [event.sequence for event in said] == list(range(1, len(said) + 1))
    running = [e.epoch for e in said if isinstance(e, JobStatusChanged) and e.status is JobStatus.RUNNING]
    assert len(running) == len(set(running)) == 3
