"""The built-in agents in a whole installation without a key; a document outlives the worker that wrote it."""

from typing import Any, Final, TypeAlias

import pytest

from cli.follower import Client, Wish
from shared_events.document_state import stream_status
from shared_events.events import Event, JobProgress, JobSnapshot, JobStatus, ModelRewind
from shared_events.fold import JobView, utf16_length
from tests.e2e.conftest import client_of, counted, followed
from tests.stack import Stack, stack

Shown: TypeAlias = list[Event | JobSnapshot]
WISHES: Final[dict[str, Wish]] = {"streaming": "pause", "paused": "resume"}


async def asked(client: Client, agent: str, given: dict[str, Any], model: str) -> tuple[JobView, Shown]:
    """The job's view at its end, and the events that led there."""
    job_id = await client.submit({"agent": agent, "input": given, "model": model})
    view = JobView(job_id)
    shown = [event async for event, _ in client.follow(job_id, view)]
    assert view.status is JobStatus.COMPLETED, view.error
    return view, shown


def told(shown: Shown) -> list[JobProgress]:
    return [event for event in shown if isinstance(event, JobProgress)]


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
    assert {"thinking", "writing", *(f"searching: {query}" for query in queries)} <= {
        event.step for event in told(shown)
    }


async def test_document_writes_its_sections_and_tells_how_far_it_is(scripted: Stack) -> None:
    given = {"topic": "Tea", "sections": 2}
    async with client_of(scripted) as client:
        view, shown = await asked(client, "document", given, "count-60@40")
    assert [one["text"] for one in view.result["sections"]] == [counted(60)] * 2
    assert view.text.startswith(
        f"# {view.result['title']}\n\n1. {view.result['sections'][0]['heading']}\n2. "
    )
    states = [event.metadata or {} for event in told(shown)]
    done = [(one["sectionsCompleted"], one["sectionsTotal"], one["streamStatus"]) for one in states]
    assert done == sorted(done, key=lambda one: one[0])
    assert {(0, 2, "streaming"), (1, 2, "streaming"), (2, 2, "complete")} <= set(done)
    tokens = [one["tokensGenerated"] for one in states]
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


def is_amid_the_second_section(text: str) -> bool:
    sections = text.split("\n\n## ")[1:]
    return len(sections) == 2 and " 10" in sections[-1]


async def test_a_document_of_a_killed_worker_keeps_its_finished_sections() -> None:
    with stack(LEASE_SECONDS="2") as running:
        async with client_of(running) as client:
            request = {"agent": "document", "input": {"topic": "Tea", "sections": 3}, "model": "count-40@20"}
            job_id = await client.submit(request)
            before, shown = "", Shown()
            async for event, view in client.follow(job_id):
                shown.append(event)
                if not before and is_amid_the_second_section(view.text):
                    before = view.text
                    running.worker.kill()
                    running.worker.start()
    assert (view.status, view.attempt) == (JobStatus.COMPLETED, 2), view.error
    kept = before[: before.rindex("\n\n## ")]
    (taken_back,) = (event for event in shown if isinstance(event, ModelRewind))
    assert taken_back.length == utf16_length(kept)
    assert view.text.startswith(kept)
    assert [one["text"] for one in view.result["sections"]] == [counted(40)] * 3
    again = [event.metadata or {} for event in told(shown) if event.sequence > taken_back.sequence]
    assert next(one["sectionsCompleted"] for one in again) == 1


async def test_what_a_document_cannot_say_its_job_says(scripted: Stack) -> None:
    async with client_of(scripted) as client:
        request = {"agent": "document", "input": {"topic": "Tea", "sections": 2}, "model": "count-1000@20"}
        job_id = await client.submit(request)
        shown, seen = Shown(), list[str]()
        async for event, view in client.follow(job_id):
            shown.append(event)
            said = [one.metadata for one in told(shown)]
            now = stream_status(view.status, said[-1] if said else None)
            if seen[-1:] != [now]:
                seen.append(now)
                if now in WISHES:
                    await client.control(WISHES[now] if "paused" not in seen[:-1] else "cancel", job_id)
    assert seen == ["idle", "streaming", "paused", "streaming", "cancelled"]
    assert view.status is JobStatus.CANCELLED
