"""The part of `research` that searches: one query, with the tool."""

from typing import Final

import msgspec

from agents.built_in.research.found import Found, SearchTool, checked
from agents.context import JobContext
from agents.errors import AgentError
from agents.policy import Retry
from agents.registry import Agent, agent

FOUND_MOST: Final = 4
"""Findings of one query."""
SEARCH_TIMEOUT_S: Final = 30.0


class Query(msgspec.Struct, frozen=True):
    query: str


def searcher(tool: SearchTool) -> Agent:
    """An agent that searches with `tool`."""

    @agent("searcher", timeout_s=SEARCH_TIMEOUT_S, retry=Retry(attempts=2, backoff_s=0.5))
    async def search(job: JobContext[Query]) -> list[Found]:
        """Finds what there is for one query."""
        given = await tool.search(job.input.query, FOUND_MOST)
        try:
            return checked(given, FOUND_MOST)
        except msgspec.ValidationError as error:
            raise AgentError(f"The search tool gave what cannot be used: {error}.") from error

    return search
