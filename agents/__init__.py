"""Agents: functions that publish what they make, and the models that they ask.

from agents import JobContext, agent

@agent("haiku")
async def haiku(job: JobContext) -> None:
    async for _ in job.stream(f"A haiku about {job.input['topic']}."):
        pass
"""

from agents.backends import (
    Backend,
    ChatMessage,
    ChatRequest,
    Delta,
    Finished,
    OpenAIChat,
    Scripted,
    TextDelta,
    backends_from,
    entries,
)
from agents.context import JobContext
from agents.errors import (
    AgentError,
    AgentLoadError,
    BackendAuth,
    BackendError,
    BackendIncomplete,
    BackendProtocolError,
    BackendRateLimited,
    BackendRejected,
    BackendTimeout,
    BackendUnavailable,
    InvalidAgent,
    InvalidBackend,
)
from agents.registry import Agent, agent, load_agents
from agents.sink import EventSink

__all__ = [
    "Agent",
    "AgentError",
    "AgentLoadError",
    "Backend",
    "BackendAuth",
    "BackendError",
    "BackendIncomplete",
    "BackendProtocolError",
    "BackendRateLimited",
    "BackendRejected",
    "BackendTimeout",
    "BackendUnavailable",
    "ChatMessage",
    "ChatRequest",
    "Delta",
    "EventSink",
    "Finished",
    "InvalidAgent",
    "InvalidBackend",
    "JobContext",
    "OpenAIChat",
    "Scripted",
    "TextDelta",
    "agent",
    "backends_from",
    "entries",
    "load_agents",
]
