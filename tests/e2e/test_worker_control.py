"""Cancel, pause and resume, from any connection and at any moment: honest answers, and one end."""

import asyncio
import json
import urllib.request
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from shared_events.events import JobStatus, ModelChunk
from tests.e2e.aftermath import assert_whole
from tests.e2e.conftest import busy_stack, counted
from tests.e2e.crowd import Crowd, crowd
from tests.e2e.scripted_llm import ScriptedLLM, scripted_llm
from tests.stack import Stack
from tests.waiting import eventually


@pytest.fixture(scope="module")
def llm() -> Iterator[ScriptedLLM]:
    with scripted_llm() as server:
        yield server


@pytest.fixture(scope="module")
def running(llm: ScriptedLLM) -> Iterator[Stack]:
    with busy_stack(OPENAI_BASE_URL=llm.base_url, WORKER_CONCURRENCY="4") as one:
        yield one


@pytest.fixture
async def all_(running: Stack, llm: ScriptedLLM) -> AsyncIterator[Crowd]:
    """Afterwards all jobs have ended, and no connection to the LLM is left."""
    async with crowd(running) as followers:
        yield followers
        views = await followers.ends()
        await assert_whole(running, views)
    await eventually(lambda: llm.open.total() == 0)


@pytest.fixture
async def other(running: Stack) -> AsyncIterator[Crowd]:
    """Another connection, which follows nothing."""
    async with crowd(running) as one:
        yield one


async def cancelled(all_: Crowd, job_id: str) -> None:
    (view,) = await all_.ends([job_id], 3)
    assert view.status is JobStatus.CANCELLED


async def full_worker(all_: Crowd) -> list[str]:
    """Jobs that keep the worker from taking any other."""
    job_ids = [await all_.count(1000, 20) for _ in range(4)]
    for job_id in job_ids:
        await all_.until(job_id, words=1)
    return job_ids


async def cancel_all(all_: Crowd, job_ids: list[str]) -> None:
    await asyncio.gather(*(all_.control("cancel", job_id) for job_id in job_ids))


async def test_a_job_that_is_cancelled_twice_ends_once_and_the_answers_are_honest(
    all_: Crowd, other: Crowd
) -> None:
    job_id = await all_.count(1000, 20)
    await all_.until(job_id, words=3)
    both = await asyncio.gather(*(one.control("cancel", job_id) for one in (all_, other)))
    assert {answer["status"] for answer in both} <= {"accepted", "already_finished"}
    await cancelled(all_, job_id)
    assert await other.control("cancel", job_id) == {
        "ok": True,
        "jobId": job_id,
        "status": "already_finished",
        "outcome": "cancelled",
    }


async def test_a_job_that_is_cancelled_before_it_begins_never_runs(all_: Crowd, other: Crowd) -> None:
    full = await full_worker(all_)
    waiting = await all_.count(5, 100)
    assert (await other.control("cancel", waiting))["status"] == "accepted"
    await cancelled(all_, waiting)
    await cancel_all(all_, full)
    assert all_.views[waiting].attempt == 0


async def test_cancels_that_race_the_end_of_their_jobs_give_each_one_end(all_: Crowd, other: Crowd) -> None:
    """The answer is `already_finished` only with the outcome that the job's end has."""
    outcomes: dict[str, dict[str, Any]] = {}

    async def race(words: int) -> None:
        job_id = await all_.count(30, 100)
        await all_.until(job_id, words=words)
        outcomes[job_id] = await other.control("cancel", job_id)

    for _ in range(8):
        await asyncio.gather(*(race(words) for words in (27, 28, 29, 30)))
    await all_.ends()
    for job_id, answer in outcomes.items():
        ended_as = all_.views[job_id].status
        assert ended_as in {JobStatus.CANCELLED, JobStatus.COMPLETED}
        assert answer.get("outcome", ended_as) == ended_as
    assert {all_.views[job_id].status for job_id in outcomes} >= {JobStatus.COMPLETED}


async def test_a_job_that_is_cancelled_while_it_waits_for_a_retry_is_not_tried_again(all_: Crowd) -> None:
    job_id = await all_.submit("patient")
    await all_.wait(lambda: all_.views[job_id].status is JobStatus.RETRYING, "waits for a retry")
    assert (await all_.control("cancel", job_id))["status"] == "accepted"
    await cancelled(all_, job_id)
    assert all_.views[job_id].attempt == 1


async def test_a_paused_job_can_be_cancelled(all_: Crowd) -> None:
    job_id = await all_.count(1000, 20)
    await all_.until(job_id, words=3)
    await all_.control("pause", job_id)
    await all_.wait(lambda: all_.views[job_id].status is JobStatus.PAUSED, "paused")
    assert (await all_.control("cancel", job_id))["status"] == "accepted"
    await cancelled(all_, job_id)


async def test_a_cancel_reaches_an_agent_that_ignores_it(all_: Crowd) -> None:
    job_id = await all_.submit("stubborn")
    await all_.wait(lambda: all_.views[job_id].text, "it runs")
    await all_.control("cancel", job_id)
    (view,) = await all_.ends([job_id], 15)
    assert view.status is JobStatus.CANCELLED


async def test_a_cancel_closes_the_connection_to_an_llm_that_stalls(
    all_: Crowd, other: Crowd, llm: ScriptedLLM
) -> None:
    job_id = await all_.submit(input={"prompt": "stall-3 cancelled"})
    await all_.until(job_id, words=3)
    await other.control("cancel", job_id)
    await eventually(lambda: llm.open["stall-3 cancelled"] == 0, 10)
    await cancelled(all_, job_id)
    assert llm.asked["stall-3 cancelled"] == 1


def over_http(running: Stack, wish: str, job_id: str) -> dict[str, Any]:
    request = urllib.request.Request(f"{running.url}v1/jobs/{job_id}/{wish}", method="POST")
    with urllib.request.urlopen(request, timeout=30) as response:
        return dict(json.loads(response.read()))


async def test_a_pause_over_http_stops_the_reading_and_a_resume_from_another_tab_goes_on(
    all_: Crowd, other: Crowd, running: Stack, llm: ScriptedLLM
) -> None:
    asked = "flood-1000 paused"
    job_id = await all_.submit(input={"prompt": asked})
    view = all_.views[job_id]
    await all_.wait(lambda: view.text_length > 10_000, "it floods")
    answer = await asyncio.to_thread(over_http, running, "pause", job_id)
    assert answer == {"jobId": job_id, "status": "accepted"}
    await all_.wait(lambda: view.status is JobStatus.PAUSED, "paused", 3)
    shown, text = len(all_.shown[job_id]), view.text
    await eventually(lambda: llm.idle_s(asked) > 1, 20)
    assert (len(all_.shown[job_id]), view.text) == (shown, text)
    await other.control("resume", job_id)
    await all_.wait(lambda: view.text_length > len(text) + 10_000, "it goes on")
    assert view.status is JobStatus.RUNNING
    assert isinstance(all_.shown[job_id][-1], ModelChunk)
    await all_.control("cancel", job_id)
    await cancelled(all_, job_id)
    assert llm.asked[asked] == 1


async def test_a_job_that_is_paused_in_the_queue_begins_after_its_resume(all_: Crowd, other: Crowd) -> None:
    full = await full_worker(all_)
    waiting = await all_.count(5, 100)
    view = all_.views[waiting]
    assert (await other.control("pause", waiting))["status"] == "accepted"
    await all_.wait(lambda: view.status is JobStatus.PAUSED, "paused")
    await cancel_all(all_, full)
    passing = await all_.count(5, 100)
    await all_.ends([*full, passing])
    assert (view.status, view.text) == (JobStatus.PAUSED, "")
    assert (await other.control("resume", waiting))["status"] == "accepted"
    await all_.ends([waiting])
    assert (view.status, view.text) == (JobStatus.COMPLETED, counted(5))


async def test_pauses_and_resumes_in_haste_leave_the_text_whole(all_: Crowd, other: Crowd) -> None:
    job_id = await all_.count(200, 100)
    for words in range(5, 100, 5):
        await all_.until(job_id, words=words)
        await asyncio.gather(all_.control("pause", job_id), other.control("pause", job_id))
        await asyncio.gather(all_.control("resume", job_id), other.control("resume", job_id))
    (view,) = await all_.ends([job_id])
    assert (view.status, view.text, view.attempt) == (JobStatus.COMPLETED, counted(200), 1)


async def test_a_paused_job_survives_the_death_of_its_worker(all_: Crowd, running: Stack) -> None:
    job_id = await all_.count(60, 20)
    view = await all_.until(job_id, words=5)
    await all_.control("pause", job_id)
    await all_.wait(lambda: view.status is JobStatus.PAUSED, "paused")
    running.worker.kill()
    running.worker.start()
    await all_.wait(lambda: view.attempt == 2 and view.status is JobStatus.PAUSED, "still paused", 30)
    await all_.control("resume", job_id)
    await all_.ends([job_id])
    assert (view.status, view.text) == (JobStatus.COMPLETED, counted(60))
