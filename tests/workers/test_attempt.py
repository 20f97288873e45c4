"""An attempt: whatever the agent does, its job has one end."""

import asyncio
from typing import Any

import msgspec
import pytest

from agents import Agent, AgentError, BackendRateLimited, JobContext
from shared_events.contract import JobRequest
from shared_events.events import JobStatus
from shared_events.fold import JobView
from shared_events.ids import JobId, new_epoch, new_job_id
from shared_events.log import JobLog
from tests.making import started_job
from tests.waiting import eventually_awaited
from workers import attempt as module
from workers.attempt import Attempt, Tools


class Words(msgspec.Struct):
    words: list[str] = []


def agent(run: Any) -> Agent:
    return Agent(name="test", description="", input_type=Words, run=run)


async def queued(log: JobLog) -> JobId:
    job_id = new_job_id()
    await started_job(log, job_id, new_epoch())
    return job_id


def attempt(log: JobLog, job_id: JobId, run: Any, **given: Any) -> Attempt:
    request = JobRequest(job_id=job_id, agent="test", input=given or {"words": ["a", "b"]}, owner="dev")
    return Attempt(Tools(log=log, agents={"test": agent(run)}, backends={}), request)


async def outcome(log: JobLog, run: Any, **given: Any) -> JobView:
    job_id = await queued(log)
    status = await attempt(log, job_id, run, **given).run()
    view = await log.view(job_id)
    assert view.status is status
    return view


async def speak(job: JobContext[Words]) -> dict[str, int]:
    for word in job.input.words:
        await job.on_chunk(word)
    return {"words": len(job.input.words)}


async def test_a_good_agent_completes(log: JobLog) -> None:
    view = await outcome(log, speak)
    assert (view.status, view.text, view.result, view.attempt) == (JobStatus.COMPLETED, "ab", {"words": 2}, 1)


async def test_the_first_event_of_the_attempt_names_its_epoch(log: JobLog) -> None:
    job_id = await queued(log)
    await attempt(log, job_id, speak).run()
    tail = await log.read_after(job_id, 1)
    assert tail.events[0].startswith(b'["job:status",')
    assert f'"epoch":"{tail.meta.epoch}"'.encode() in tail.events[0]


def raising(error: BaseException) -> Any:
    async def run(job: JobContext[Words]) -> None:
        await job.on_chunk("so far")
        raise error

    return run


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


async def test_a_second_attempt_takes_the_text_back_and_begins_anew(log: JobLog) -> None:
    job_id = new_job_id()
    await started_job(log, job_id, new_epoch(), "from the first attempt")
    await attempt(log, job_id, speak).run()
    view = await log.view(job_id)
    assert (view.text, view.status) == ("ab", JobStatus.COMPLETED)
    assert any(event.startswith(b'["model:rewind"') for event in (await log.read_after(job_id, 0)).events)


async def test_a_job_that_has_ended_is_left_alone(log: JobLog) -> None:
    job_id = await queued(log)
    await attempt(log, job_id, speak).run()
    before = (await log.meta(job_id)).head
    assert await attempt(log, job_id, speak).run() is None
    assert await attempt(log, new_job_id(), speak).run() is None
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
    monkeypatch.setattr(module, "AGENT_STOP_S", 0.05)
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
    assert await running is JobStatus.CANCELLED
    release.set()


async def has_text(log: JobLog, job_id: JobId) -> bool:
    return bool((await log.view(job_id)).text)


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
    await attempt(log, job_id, speak).run()
    assert await running is None
    assert (await log.view(job_id)).text == "ab"


async def test_a_job_that_runs_too_long_fails(log: JobLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "JOB_TIMEOUT_S", 0.05)

    async def forever(_job: JobContext[Words]) -> None:
        await asyncio.Event().wait()

    view = await outcome(log, forever)
    assert view.error is not None
    assert view.error.code == "timeout"
