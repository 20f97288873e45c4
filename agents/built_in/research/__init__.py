"""The built-in agent `research`, and what it takes to make one that searches elsewhere."""

from agents.built_in.research.corpus import OfflineCorpus
from agents.built_in.research.found import Found, SearchTool
from agents.built_in.research.researcher import Researched, ResearchInput, research_agent

research = research_agent(
    "research",
    tool=OfflineCorpus(),
    description="Researches a question in a few texts about Jobcast (yours search elsewhere): with sources.",
)

__all__ = [
    "Found",
    "OfflineCorpus",
    "ResearchInput",
    "Researched",
    "SearchTool",
    "research",
    "research_agent",
]
