"""Agents: functions that publish what they make, and the models that they ask.

from agents import JobContext, agent

@agent("haiku")
async def haiku(job: JobContext) -> None:
    async for _ in job.stream(f"A haiku about {job.input['topic']}."):
        pass
"""

from agents.backends import (
    AnthropicMessages,
    Backend,
    ChatMessage,
    ChatRequest,
    Delta,
    Finished,
    Ollama,
    OpenAIChat,
    OpenAIResponses,
    Scripted,
    SSEGateway,
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
    JobStopped,
)
from agents.policy import Policy, Retry
from agents.registry import Agent, agent, load_agents
from agents.running import run_agent
from agents.sink import EventSink
from agents.sync_context import SyncJobContext

__all__ = [
    "Agent",
    "AgentError",
    "AgentLoadError",
    "AnthropicMessages",
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
    "JobStopped",
    "Ollama",
    "OpenAIChat",
    "OpenAIResponses",
    "Policy",
    "Retry",
    "SSEGateway",
    "Scripted",
    "SyncJobContext",
    "TextDelta",
    "agent",
    "backends_from",
    "entries",
    "load_agents",
    "run_agent",
]
