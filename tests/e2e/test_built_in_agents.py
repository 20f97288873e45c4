"""The built-in agents in a whole installation without a key; a document outlives the worker that wrote it."""

from typing import Any

import pytest

from cli.follower import Client
from shared_events.events import Event, JobProgress, JobSnapshot, JobStatus, ModelRewind
from shared_events.fold import JobView, utf16_length
from tests.e2e.conftest import client_of, counted, followed
from tests.stack import Stack, stack

Shown = list[Event | JobSnapshot]


async def asked(client: Client, agent: str, given: dict[str, Any], model: str) -> tuple[JobView, Shown]:
    """The job's view at its end, and the events that led there."""
    job_id = await client.submit({"agent": agent, "input": given, "model": model})
    view = JobView(job_id)
    shown = [event async for event, _ in client.follow(job_id, view)]
    assert view.status is JobStatus.COMPLETED, view.error
    return view, shown


def steps(shown: Shown) -> list[str | None]:
    return [event.step for event in shown if isinstance(event, JobProgress)]


async def test_chat_takes_a_conversation_with_a_system_prompt(scripted: Stack) -> None:
    given = {"messages": [{"role": "user", "content": "Count"}], "system": "Be brief.", "historyMessages": 1}
    async with client_of(scripted) as client:
        view, _ = await asked(client, "chat", given, "count-20@500")
    assert view.text == counted(20)


async def test_refine_returns_the_text_that_it_has_shown(scripted: Stack) -> None:
    async with client_of(scripted) as client:
        job_id = await client.submit({"agent": "refine", "input": {"text": "Helo wrld"}})
        view = await followed(client, job_id)
    assert view.status is JobStatus.COMPLETED
    assert view.result.keys() == {"was_changed", "explanation", "text"}
    assert view.result["was_changed"] is True
    assert view.text == view.result["text"] != ""


async def test_research_shows_each_step_and_lists_its_sources(scripted: Stack) -> None:
    async with client_of(scripted) as client:
        view, shown = await asked(client, "research", {"prompt": "What is an epoch?"}, "count-30@500")
    assert view.result["answer"] == counted(30)
    assert view.text.startswith(counted(30))
    assert all(source["title"] in view.text for source in view.result["sources"])
    queries = view.result["queries"]
    assert {"thinking", "writing", *(f"searching: {query}" for query in queries)} <= set(steps(shown))


async def test_document_writes_its_sections_and_tells_how_far_it_is(scripted: Stack) -> None:
    given = {"topic": "Tea", "sections": 2}
    async with client_of(scripted) as client:
        view, shown = await asked(client, "document", given, "count-60@40")
    assert [one["text"] for one in view.result["sections"]] == [counted(60)] * 2
    assert view.text.startswith(
        f"# {view.result['title']}\n\n1. {view.result['sections'][0]['heading']}\n2. "
    )
    told = [event.metadata or {} for event in shown if isinstance(event, JobProgress)]
    done = [(one["sectionsCompleted"], one["sectionsTotal"], one["streamStatus"]) for one in told]
    assert done == sorted(done, key=lambda one: one[0])
    assert {(0, 2, "streaming"), (1, 2, "streaming"), (2, 2, "complete")} <= set(done)
    tokens = [one["tokensGenerated"] for one in told]
    assert tokens == sorted(tokens)
    assert len(tokens) > 6, "told while words come, too"


@pytest.mark.parametrize(
    ("agent", "given"),
    [
        ("chat", {"messages": [{"role": "tool", "content": "x", "tool_call_id": "1"}]}),
        ("refine", {"text": ""}),
        ("research", {}),
        ("document", {"topic": "Tea", "sections": 13}),
    ],
)
async def test_bad_input_is_refused_at_submit(scripted: Stack, agent: str, given: dict[str, Any]) -> None:
    async with client_of(scripted) as client:
        answer = await client._answer("job:submit", {"agent": agent, "input": given})
    assert (answer["ok"], answer["error"]["code"]) == (False, "invalid_request")


async def test_a_document_of_a_killed_worker_keeps_its_finished_sections() -> None:
    with stack(LEASE_SECONDS="2") as running:
        async with client_of(running) as client:
            request = {"agent": "document", "input": {"topic": "Tea", "sections": 3}, "model": "count-40@20"}
            job_id = await client.submit(request)
            view, shown = JobView(job_id), []
            async for event, now in client.follow(job_id, view):
                shown.append(event)
                if now.attempt == 1 and now.text.count("\n\n## ") == 2 and now.text.endswith(" 10"):
                    before = now.text
                    running.worker.kill()
                    running.worker.start()
    assert (view.status, view.attempt) == (JobStatus.COMPLETED, 2), view.error
    kept = before[: before.rindex("\n\n## ")]
    assert [event.length for event in shown if isinstance(event, ModelRewind)] == [utf16_length(kept)]
    assert view.text.startswith(kept)
    assert [one["text"] for one in view.result["sections"]] == [counted(40)] * 3
    resumed = [e.metadata or {} for e in shown if isinstance(e, JobProgress) and e.sequence > 0]
    assert min(one["sectionsCompleted"] for one in resumed[-3:]) >= 1


async def test_a_document_pauses_and_its_cancel_leaves_what_was_written(scripted: Stack) -> None:
    async with client_of(scripted) as client:
        request = {"agent": "document", "input": {"topic": "Tea", "sections": 2}, "model": "count-1000@20"}
        job_id = await client.submit(request)
        view = JobView(job_id)
        async for _, now in client.follow(job_id, view):
            if now.status is JobStatus.RUNNING and now.text.endswith(" 5"):
                await client.cancel(job_id)
    assert view.status is JobStatus.CANCELLED
    assert "1 2 3 4 5" in view.text
