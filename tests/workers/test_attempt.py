"""An attempt: whatever the agent does, its job has one end."""

import asyncio
from typing import Any

import pytest

from agents import AgentError, BackendRateLimited, JobContext, Policy, SyncJobContext
from shared_events.contract import JobRequest
from shared_events.errors import LogUnavailable
from shared_events.events import JobStatus, ModelRewind, Usage
from shared_events.fold import JobView
from shared_events.ids import new_epoch, new_job_id
from shared_events.keys import Keys
from shared_events.log import JobLog
from shared_events.redis_client import connect
from tests.making import started_job
from tests.redis_server import RedisServer
from tests.waiting import eventually, eventually_awaited
from tests.workers.attempting import (
    ONCE,
    Leases,
    Words,
    attempt,
    events,
    has_text,
    lose,
    policy,
    queued,
    raising,
    speak,
)
from workers import agent_run, persistence
from workers.attempt import Attempt, Tools
from workers.outcome import Ended, NotOurs


async def outcome(log: JobLog, run: Any, how: Policy = ONCE, **given: Any) -> JobView:
    job_id = await queued(log)
    ended = await attempt(log, job_id, run, how, **given).run()
    view = await log.view(job_id)
    assert ended == Ended(view.status)
    return view


async def test_a_good_agent_completes(log: JobLog) -> None:
    view = await outcome(log, speak)
    assert (view.status, view.text, view.result, view.attempt) == (JobStatus.COMPLETED, "ab", {"words": 2}, 1)


async def test_the_first_event_of_the_attempt_names_its_epoch(log: JobLog) -> None:
    job_id = await queued(log)
    await attempt(log, job_id, speak).run()
    tail = await log.read_after(job_id, 1)
    assert tail.events[0].startswith(b'["job:status",')
    assert f'"epoch":"{tail.meta.epoch}"'.encode() in tail.events[0]


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (RuntimeError("the password is hunter2"), "agent_error", "The agent failed with RuntimeError"),
        (BackendRateLimited("slow down"), "backend_rate_limited", "slow down"),
        (AgentError("I give up"), "agent_error", "I give up"),
        (asyncio.CancelledError(), "agent_error", "cancelled"),
        (RecursionError(), "agent_error", "RecursionError"),
        (SystemExit(0), "agent_error", "SystemExit"),
        (KeyboardInterrupt(), "agent_error", "KeyboardInterrupt"),
    ],
)
async def test_an_agent_that_raises_fails_and_keeps_its_text(
    log: JobLog, error: BaseException, code: str, said: str
) -> None:
    view = await outcome(log, raising(error))
    assert view.error is not None
    assert (view.status, view.error.code, view.text) == (JobStatus.FAILED, code, "so far")
    assert said in view.error.message
    assert "hunter2" not in view.error.message


async def test_an_input_that_does_not_fit_fails(log: JobLog) -> None:
    view = await outcome(log, speak, words="not a list")
    assert view.error is not None
    assert view.error.code == "invalid_input"
    assert "words" in view.error.message


@pytest.mark.parametrize("result", [object(), {"a": object()}, "\ud800", "x" * 2_000_000])
async def test_a_result_that_cannot_be_sent_fails(log: JobLog, result: Any) -> None:
    async def run(_job: JobContext[Words]) -> Any:
        return result

    view = await outcome(log, run)
    assert view.status is JobStatus.FAILED
    assert view.error is not None


@pytest.mark.parametrize("usage", ["many", {"input_tokens": "many"}, Usage(input_tokens="many")])  # type: ignore[arg-type]
async def test_a_usage_that_nobody_could_read_fails_the_job(log: JobLog, usage: Any) -> None:
    """It got into the log, and from then on whoever read the job failed."""

    async def run(job: JobContext[Words]) -> None:
        job.usage = usage

    view = await outcome(log, run)
    assert view.error is not None
    assert (view.status, view.error.code) == (JobStatus.FAILED, "agent_error")


async def test_a_second_attempt_takes_the_text_back_and_begins_anew(log: JobLog) -> None:
    job_id = new_job_id()
    await started_job(log, job_id, new_epoch(), "from the first attempt")
    await attempt(log, job_id, speak).run()
    view = await log.view(job_id)
    assert (view.text, view.status) == ("ab", JobStatus.COMPLETED)
    assert any(isinstance(event, ModelRewind) for event in await events(log, job_id))


async def test_a_job_that_has_ended_is_left_alone(log: JobLog) -> None:
    job_id = await queued(log)
    await attempt(log, job_id, speak).run()
    before = (await log.meta(job_id)).head
    assert await attempt(log, job_id, speak).run() == NotOurs()
    assert await attempt(log, new_job_id(), speak).run() == NotOurs()
    assert (await log.meta(job_id)).head == before


async def test_a_cancel_from_before_the_start_runs_nothing(log: JobLog) -> None:
    job_id = await queued(log)
    await log.request(job_id, b'{"request":"cancel","reason":"no","by":"dev"}')

    async def forever(_job: JobContext[Words]) -> None:
        await asyncio.Event().wait()

    await attempt(log, job_id, forever).run()
    view = await log.view(job_id)
    assert (view.status, view.reason) == (JobStatus.CANCELLED, "no")


async def test_an_agent_that_ignores_its_cancel_does_not_hold_up_the_end(
    log: JobLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent_run, "AGENT_STOP_S", 0.05)
    release = asyncio.Event()

    async def stubborn(job: JobContext[Words]) -> None:
        await job.on_chunk("started")
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    job_id = await queued(log)
    running = asyncio.create_task(attempt(log, job_id, stubborn).run())
    await eventually_awaited(lambda: has_text(log, job_id))
    await log.request(job_id, b'{"request":"cancel"}')
    assert await running == Ended(JobStatus.CANCELLED)
    release.set()


async def test_an_attempt_that_another_overtakes_stops_and_writes_nothing(log: JobLog) -> None:
    started = asyncio.Event()

    async def slow(job: JobContext[Words]) -> None:
        await job.on_chunk("zombie")
        started.set()
        await asyncio.Event().wait()

    job_id = await queued(log)
    running = asyncio.create_task(attempt(log, job_id, slow).run())
    await started.wait()
    await eventually_awaited(lambda: has_text(log, job_id))
    await lose(log, job_id)
    await attempt(log, job_id, speak).run()
    assert await running == NotOurs()
    assert (await log.view(job_id)).text == "ab"


async def test_a_job_that_runs_too_long_fails(log: JobLog) -> None:
    async def forever(_job: JobContext[Words]) -> None:
        await asyncio.Event().wait()

    view = await outcome(log, forever, policy(timeout_s=0.05))
    assert view.error is not None
    assert view.error.code == "timeout"


async def test_an_agent_that_is_not_known_here_fails(log: JobLog) -> None:
    job_id = await queued(log)
    request = JobRequest(job_id=job_id, agent="elsewhere", input={}, owner="dev")
    await Attempt(Tools(log=log, agents={}, backends={}, leases=Leases()), request).run()
    view = await log.view(job_id)
    assert view.error is not None
    assert view.error.code == "invalid_input"
    assert "'elsewhere'" in view.error.message


async def test_a_plain_def_runs_in_a_thread_and_completes(log: JobLog) -> None:
    def run(job: SyncJobContext[Words]) -> str:
        for word in job.input.words:
            job.on_chunk(word)
        job.progress(100)
        return job.text

    view = await outcome(log, run)
    assert (view.text, view.result, view.progress) == ("ab", "ab", 100)


async def test_a_plain_def_that_is_cancelled_stops_at_its_next_word(log: JobLog) -> None:
    def run(job: SyncJobContext[Words]) -> None:
        while True:
            job.on_chunk("x")

    job_id = await queued(log)
    running = asyncio.create_task(attempt(log, job_id, run).run())
    await eventually_awaited(lambda: has_text(log, job_id))
    await log.request(job_id, b'{"request":"cancel"}', cancels=True)
    assert await running == Ended(JobStatus.CANCELLED)
    said = await events(log, job_id)
    first = said[0].sequence  # the log of a job that has ended keeps its last events only
    assert [event.sequence for event in said] == list(range(first, first + len(said)))


async def test_a_job_that_another_attempt_runs_is_left_to_it(log: JobLog) -> None:
    job_id = await queued(log)
    await log.start(job_id, owner := new_epoch())
    leases = Leases()
    assert await attempt(log, job_id, speak, leases=leases).run() == NotOurs()
    assert (await log.meta(job_id)).epoch == owner
    assert not leases.held


async def test_a_long_outage_ends_the_attempt_and_leaves_nothing_running(
    own_redis: RedisServer, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(persistence, "OUTAGE_LIMIT_S", 0.3)
    stopped = asyncio.Event()

    async def endless(job: JobContext[Words]) -> None:
        try:
            while True:
                await job.on_chunk("x" * 100)
                await job.check()
        finally:
            stopped.set()

    before = asyncio.all_tasks()
    redis = connect(own_redis.url)
    log = JobLog(redis, keys)
    job_id = await queued(log)
    running = asyncio.create_task(attempt(log, job_id, endless).run())
    await eventually_awaited(lambda: has_text(log, job_id))
    own_redis.kill()
    with pytest.raises(LogUnavailable):
        await running
    assert stopped.is_set()
    await redis.aclose()
    await eventually(lambda: asyncio.all_tasks() <= before)


async def test_an_attempt_that_cannot_begin_says_so(
    own_redis: RedisServer, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(persistence, "OUTAGE_LIMIT_S", 0.1)
    redis = connect(own_redis.url)
    own_redis.kill()
    with pytest.raises(LogUnavailable):
        await attempt(JobLog(redis, keys), new_job_id(), speak).run()
    await redis.aclose()
