"""The agent that researches: it thinks, searches and writes, each done by a part of its own."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from agents.built_in.research.found import Found, SearchTool, without_doubles
from agents.built_in.research.planning import Question, _planner
from agents.built_in.research.searching import Query, searcher
from agents.built_in.research.writing import Material, _writer, listed
from agents.context import JobContext
from agents.errors import AgentError
from agents.registry import Agent, agent
from shared_events.errors import JobcastError

PLANNED: Final = 20.0
SEARCHED: Final = 60.0
WRITTEN: Final = 95.0
"""Percent of the progress, at the end of each step."""
SOURCES_MOST: Final = 8


class ResearchInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The question: `prompt`."""

    prompt: Annotated[str, Meta(min_length=1, max_length=8_000)]


class Failed(msgspec.Struct, frozen=True):
    """A search that found nothing because it failed."""

    query: str
    reason: str


class Researched(msgspec.Struct, frozen=True, omit_defaults=True):
    """`sources[0]` is what the answer calls [1]. `failed` are the searches that did."""

    answer: str
    sources: list[Found]
    queries: list[str]
    failed: list[Failed] = []


def research_agent(
    name: str,
    *,
    tool: SearchTool,
    description: str = "Researches a question: thinks, searches side by side, writes with sources.",
) -> Agent:
    """An agent like `research` that searches with `tool`:

    `my_research = research_agent("my-research", tool=MyTool())` in a module of one's own. Raises as `@agent`.
    """
    _searcher = searcher(tool)

    @agent(name, description=description)
    async def research(job: JobContext[ResearchInput]) -> Researched:
        queries = await _planned(job)
        sources, failed = await _searched(job, _searcher, queries)
        answer = await _written(job, sources)
        return Researched(answer, sources, queries, failed)

    return research


async def _planned(job: JobContext[ResearchInput]) -> list[str]:
    await job.progress(0, "thinking")
    part = await job.spawn(_planner, Question(job.input.prompt), publish=False)
    queries: list[str] = part.result
    await job.progress(PLANNED, "thinking", {"queries": queries})
    return queries


async def _searched(
    job: JobContext[Any], agent: Agent, queries: Sequence[str]
) -> tuple[list[Found], list[Failed]]:
    """What was found, and what failed. Raises `AgentError` if everything did."""
    percent = PLANNED

    async def search(query: str) -> list[Found] | Failed:
        nonlocal percent
        await job.progress(percent, f"searching: {query}")
        outcome = await _one_search(job, agent, query)
        percent += (SEARCHED - PLANNED) / len(queries)
        await job.progress(percent, f"searching: {query}", _told(outcome))
        return outcome

    async with asyncio.TaskGroup() as side_by_side:
        searches = [side_by_side.create_task(search(query), name=f"search {job.job_id}") for query in queries]
    outcomes = [one.result() for one in searches]
    failed = [outcome for outcome in outcomes if isinstance(outcome, Failed)]
    if len(failed) == len(queries):
        raise AgentError(f"Every search failed, the first one so: {failed[0].reason}")
    found = [outcome for outcome in outcomes if not isinstance(outcome, Failed)]
    return without_doubles(found)[:SOURCES_MOST], failed


async def _one_search(job: JobContext[Any], agent: Agent, query: str) -> list[Found] | Failed:
    try:
        part = await job.spawn(agent, Query(query), publish=False)
    except Exception as error:  # noqa: BLE001  a tool of an author's may raise anything, and others may have found
        return Failed(query, _reason(error))
    found: list[Found] = part.result
    return found


async def _written(job: JobContext[ResearchInput], sources: list[Found]) -> str:
    await job.progress(SEARCHED, "writing")
    part = await job.spawn(_writer, Material(job.input.prompt, sources), step="writing")
    await job.on_chunk(listed(sources), step="sources")
    await job.progress(WRITTEN, "sources")
    return part.text.strip()


def _told(outcome: list[Found] | Failed) -> dict[str, Any]:
    return {"failed": outcome.reason} if isinstance(outcome, Failed) else {"found": len(outcome)}


def _reason(error: Exception) -> str:
    """The words of an error of ours; what others say may not be for users."""
    return (
        str(error) if isinstance(error, JobcastError) else f"The search failed with {type(error).__name__}."
    )
