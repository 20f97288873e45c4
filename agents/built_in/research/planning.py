"""The part of `research` that thinks: what to search for."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from agents.asking.structured import structured
from agents.backends.protocol import ChatMessage
from agents.built_in.thinking import says_thinking
from agents.context import JobContext
from agents.registry import agent

_SYSTEM: Final = (
    "You prepare a research. Think of what must be known to answer the user's question, and give two to four "
    "short queries for a search engine that find it. They complement each other: none asks for the same."
)


class Question(msgspec.Struct, frozen=True):
    question: str


class Plan(msgspec.Struct, frozen=True):
    """What to search for."""

    queries: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=300)]], Meta(min_length=2, max_length=4)
    ]


@agent("planner")
async def _planner(job: JobContext[Question]) -> list[str]:
    """Thinks of two to four queries."""
    asked = [ChatMessage("system", _SYSTEM), ChatMessage("user", job.input.question)]
    plan = await structured(job, asked, Plan, on_reasoning=says_thinking(job))
    return list(dict.fromkeys(" ".join(query.split()) for query in plan.queries))
