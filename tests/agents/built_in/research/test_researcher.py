"""The `research` agent: thinks, searches side by side, writes with sources, and tells each step."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from agents import AgentError, BackendUnavailable, InvalidReply, JobContext, OpenAIChat, Scripted, load_agents
from agents.built_in.research import Found, OfflineCorpus, Researched, ResearchInput, research, research_agent
from agents.built_in.research.researcher import Failed
from tests.agents.author import WriteModule
from tests.agents.backends.llm_server import aimock_process
from tests.agents.collecting import CollectingSink, context
from tests.agents.in_turn import InTurn, Says

PLAN = json.dumps({"queries": ["green tea", "black  tea"]})
GREEN = Found("Green [tea]", "It is green.", url="https://example.org/green")
BLACK = Found("Black tea", "It is black.", id="black")
ANSWER = "Tea is green [1] or black [2]."


class Shelf:
    """A search tool that knows these answers; it raises what is an error."""

    def __init__(self, **answers: Any) -> None:
        self.asked: list[str] = []
        self._answers = answers

    async def search(self, query: str, limit: int) -> list[Found]:
        self.asked.append(query)
        answer = self._answers[query.split(maxsplit=1)[0]]
        if isinstance(answer, Exception):
            raise answer
        found: list[Found] = answer
        return found


def researching(*answers: str | Says) -> tuple[JobContext[Any], InTurn, CollectingSink]:
    backend, sink = InTurn(*answers), CollectingSink()
    return context(sink, backend, given=ResearchInput("What is tea?")), backend, sink


async def test_the_answer_is_streamed_and_its_sources_follow() -> None:
    job, backend, sink = researching(PLAN, ANSWER)
    result = await research_agent("r", tool=Shelf(green=[GREEN], black=[BLACK]))(job)
    assert result == Researched(ANSWER, [GREEN, BLACK], ["green tea", "black tea"])
    sources = "\n\n## Sources\n\n1. [Green \\[tea\\]](https://example.org/green)\n2. Black tea (black)\n"
    assert job.text == "".join(sink.chunks) == ANSWER + sources
    assert [one.step for one in sink.metadata if one] == ["writing"] * (len(sink.chunks) - 1) + ["sources"]
    assert "[1] Green [tea]\nIt is green.\n\n[2] Black tea\nIt is black." in backend.prompts[1]
    told = msgspec.to_builtins(result)
    assert told.keys() == {"answer", "sources", "queries"}
    assert told["sources"][1] == {"title": "Black tea", "excerpt": "It is black.", "id": "black"}


async def test_each_step_is_told_and_the_percent_rises() -> None:
    job, _, sink = researching(PLAN, ANSWER)
    await research_agent("r", tool=Shelf(green=[GREEN], black=[]))(job)
    steps = [step for _, step, _ in sink.progressed]
    searches = {"searching: green tea", "searching: black tea"}
    assert steps[:2] == ["thinking", "thinking"]
    assert set(steps[2:6]) == searches
    assert steps[6:] == ["writing", "sources"]
    percents = [percent for percent, _, _ in sink.progressed]
    assert percents == sorted(percents)
    assert (percents[0], percents[5], percents[-1]) == (0, 60, 95)


async def test_searches_are_under_way_at_the_same_time() -> None:
    class Meeting(Shelf):
        both = asyncio.Barrier(2)

        async def search(self, query: str, limit: int) -> list[Found]:
            async with asyncio.timeout(30):
                await self.both.wait()
            return [BLACK]

    job, _, _ = researching(PLAN, ANSWER)
    result = await research_agent("r", tool=Meeting())(job)
    assert result.sources == [BLACK]


async def test_a_search_that_fails_is_named_and_the_others_are_used() -> None:
    job, _, sink = researching(PLAN, ANSWER)
    result = await research_agent("r", tool=Shelf(green=RuntimeError("sk-secret"), black=[BLACK]))(job)
    assert result.sources == [BLACK]
    assert result.failed == [Failed("green tea", "The search failed with RuntimeError.")]
    assert {"failed": "The search failed with RuntimeError."} in [told for _, _, told in sink.progressed]


async def test_what_a_tool_must_not_give_fails_its_search() -> None:
    job, _, _ = researching(PLAN, ANSWER)
    result = await research_agent("r", tool=Shelf(green=["junk"], black=[BLACK]))(job)
    assert result.failed[0].reason.startswith("The search tool gave what cannot be used: ")


async def test_where_every_search_fails_the_job_does() -> None:
    job, backend, _ = researching(PLAN)
    tool = Shelf(green=AgentError("Out of order."), black=AgentError("Closed."))
    with pytest.raises(AgentError, match=r"Every search failed, the first one so: Out of order\."):
        await research_agent("r", tool=tool)(job)
    assert len(backend.asked) == 1


async def test_a_search_that_fails_retryably_is_tried_again() -> None:
    class Shaky(Shelf):
        async def search(self, query: str, limit: int) -> list[Found]:
            self.asked.append(query)
            if self.asked.count(query) == 1:
                raise BackendUnavailable("Not just now.")
            return [GREEN]

    job, _, _ = researching(PLAN, ANSWER)
    result = await research_agent("r", tool=(tool := Shaky()))(job)
    assert (result.failed, sorted(tool.asked)) == ([], ["black tea"] * 2 + ["green tea"] * 2)


async def test_where_nothing_is_found_the_model_is_told_and_no_sources_are_listed() -> None:
    job, backend, _ = researching(PLAN, "I do not know.")
    result = await research_agent("r", tool=Shelf(green=[], black=[]))(job)
    assert (job.text, result.sources) == ("I do not know.", [])
    assert "The search found nothing" in backend.prompts[1]


async def test_an_answer_that_is_cut_is_gone_on_with_and_one_plan_is_not_enough() -> None:
    job, _, _ = researching(PLAN, Says("Tea is ", reason="length"), "green.")
    assert (await research_agent("r", tool=Shelf(green=[], black=[]))(job)).answer == "Tea is green."
    job, _, _ = researching('{"queries": ["tea"]}', '{"queries": []}')
    with pytest.raises(InvalidReply):
        await research(job)


async def test_offline_and_scripted_it_works_anywhere() -> None:
    given = ResearchInput("What are epochs for?")
    job = context(CollectingSink(), Scripted(), given=given, model="count-20@1000")
    result = await research(job)
    assert result.answer.endswith(" 20")
    assert len(result.queries) >= 2
    assert result.failed == []


def test_an_author_makes_one_with_a_tool_of_his_own(write_module: WriteModule) -> None:
    source = """
from agents.built_in.research import Found, research_agent

class Wiki:
    async def search(self, query: str, limit: int) -> list[Found]:
        return [Found("A page", query, url="https://wiki.example.org/page")]

wiki = research_agent("wiki-research", tool=Wiki(), description="Searches our wiki.")
"""
    loaded = load_agents([write_module("of_an_author", source)])
    assert loaded["wiki-research"].entry().description == "Searches our wiki."
    assert loaded["research"] is research


def test_the_parts_are_not_offered() -> None:
    assert {"planner", "searcher", "writer", "section"}.isdisjoint(load_agents())
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"prompt": ""}, research.input_type)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    plan = {
        "match": {"userMessage": "JSON Schema"},
        "response": {"content": json.dumps({"queries": ["what is an epoch", "fencing a writer"]})},
        "chunkSize": 7,
    }
    answer = {
        "match": {"userMessage": "Sources:"},
        "response": {"content": "Epochs tell writers apart [1]."},
        "chunkSize": 3,
    }
    with aimock_process([plan, answer]) as base_url:
        yield base_url


async def test_over_a_real_protocol_it_thinks_searches_and_writes(url: str) -> None:
    backend = OpenAIChat(url, api_key="sk-test", model="m")
    job = context(sink := CollectingSink(), backend, given=ResearchInput("What are epochs for?"))
    result = await research_agent("r", tool=OfflineCorpus())(job)
    await backend.aclose()
    assert result.answer == "Epochs tell writers apart [1]."
    assert result.sources[0].id == "jobcast/epochs"
    assert "## Sources\n\n1. Epochs" in job.text
    assert "searching: fencing a writer" in [step for _, step, _ in sink.progressed]
