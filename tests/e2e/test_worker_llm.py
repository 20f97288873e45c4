"""LLMs that stall, drip, never end, break off or refuse: each job ends by its deadline, or is tried again."""

import secrets
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise

import pytest

from shared_events.events import JobStatus, JobStatusChanged
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
    with busy_stack(OPENAI_BASE_URL=llm.base_url) as one:
        yield one


@pytest.fixture
async def all_(running: Stack, llm: ScriptedLLM) -> AsyncIterator[Crowd]:
    """Afterwards no connection to the LLM is left."""
    async with crowd(running) as followers:
        yield followers
        views = await followers.ends()
        await assert_whole(running, views)
    await eventually(lambda: llm.open.total() == 0)


def prompt(script: str) -> str:
    return f"{script} {secrets.token_hex(4)}"


def code_of(all_: Crowd, job_id: str) -> str | None:
    error = all_.views[job_id].error
    return error.code if error is not None else None


async def test_an_answer_that_comes_byte_by_byte_is_whole(all_: Crowd) -> None:
    job_id = await all_.submit(input={"prompt": prompt("drip-20")}, expected=counted(20))
    (view,) = await all_.ends([job_id])
    assert (view.status, view.text, view.attempt) == (JobStatus.COMPLETED, counted(20), 1)


async def test_an_llm_that_falls_silent_is_asked_again_and_then_the_job_fails(
    all_: Crowd, llm: ScriptedLLM
) -> None:
    asked = prompt("stall-3")
    job_id = await all_.submit("impatient", input={"prompt": asked}, expected=counted(3))
    (view,) = await all_.ends([job_id])
    assert (view.status, view.text, code_of(all_, job_id)) == (
        JobStatus.FAILED,
        counted(3),
        "backend_timeout",
    )
    assert llm.asked[asked] == view.attempt == 2


@pytest.mark.parametrize("script", ["stall-3", "count-100000@20"])
async def test_a_job_ends_at_its_deadline_whatever_its_llm_does(all_: Crowd, script: str) -> None:
    job_id = await all_.submit("limited", input={"prompt": prompt(script)})
    (view,) = await all_.ends([job_id], 10)
    assert (view.status, code_of(all_, job_id)) == (JobStatus.FAILED, "timeout")
    assert view.text.startswith(counted(3))


async def test_an_answer_that_breaks_off_is_asked_for_again_and_said_once(
    all_: Crowd, llm: ScriptedLLM
) -> None:
    asked = prompt("cut-5")
    job_id = await all_.submit(input={"prompt": asked}, expected=counted(5))
    (view,) = await all_.ends([job_id])
    assert (view.status, view.text) == (JobStatus.FAILED, counted(5))
    assert code_of(all_, job_id) == "backend_incomplete"
    assert llm.asked[asked] == view.attempt == 3


async def test_a_refusal_that_says_when_to_come_again_is_obeyed(all_: Crowd, llm: ScriptedLLM) -> None:
    asked = prompt("busy-1-2")
    job_id = await all_.submit(input={"prompt": asked}, expected=counted(5))
    (view,) = await all_.ends([job_id])
    assert (view.status, view.text, view.attempt) == (JobStatus.COMPLETED, counted(5), 3)
    changes = [event for event in all_.shown[job_id] if isinstance(event, JobStatusChanged)]
    said = [event.timestamp for event in changes if event.status is JobStatus.RUNNING]
    assert min(later - earlier for earlier, later in pairwise(said)) >= 1000


async def test_a_job_that_waits_absurdly_long_for_its_llm_can_be_cancelled(
    all_: Crowd, llm: ScriptedLLM
) -> None:
    asked = prompt("busy-1000000000-1")
    job_id = await all_.submit(input={"prompt": asked})
    view = all_.views[job_id]
    await all_.wait(lambda: view.status is JobStatus.RETRYING, "waits for a retry")
    assert view.reason is not None
    assert "120" in view.reason
    assert (await all_.control("cancel", job_id))["status"] == "accepted"
    await all_.ends([job_id], 3)
    assert view.status is JobStatus.CANCELLED
    assert llm.asked[asked] == 1


async def test_a_failure_that_passes_is_told_and_got_over(all_: Crowd) -> None:
    job_id = await all_.submit("hiccup", input={"failures": 2}, expected=counted(10))
    (view,) = await all_.ends([job_id])
    assert (view.status, view.text, view.attempt) == (JobStatus.COMPLETED, counted(10), 3)


async def test_agents_in_threads_and_processes_stream_as_others_do(all_: Crowd) -> None:
    for agent in ("plain", "apart"):
        given = {"backend": "scripted", "model": "count-20@100"}
        job_id = await all_.submit(agent, expected=counted(20), **given)
        (view,) = await all_.ends([job_id])
        assert (view.status, view.text, view.attempt) == (JobStatus.COMPLETED, counted(20), 1)


async def test_an_agent_that_eats_its_own_process_memory_harms_nobody(all_: Crowd) -> None:
    neighbour = await all_.count(100, 50)
    eater = await all_.submit("eat")
    await all_.ends()
    assert all_.views[eater].status is JobStatus.FAILED
    assert (all_.views[neighbour].status, all_.views[neighbour].attempt) == (JobStatus.COMPLETED, 1)
