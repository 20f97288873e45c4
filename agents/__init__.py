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
    ReasoningDelta,
    Scripted,
    SSEGateway,
    TextDelta,
    Tool,
    ToolCall,
    ToolCallDelta,
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
    InvalidReply,
    JobStopped,
    PartTimeout,
)
from agents.parts import Part
from agents.policy import Policy, Retry
from agents.registry import Agent, agent, load_agents
from agents.reply import Reply
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
    "InvalidReply",
    "JobContext",
    "JobStopped",
    "Ollama",
    "OpenAIChat",
    "OpenAIResponses",
    "Part",
    "PartTimeout",
    "Policy",
    "ReasoningDelta",
    "Reply",
    "Retry",
    "SSEGateway",
    "Scripted",
    "SyncJobContext",
    "TextDelta",
    "Tool",
    "ToolCall",
    "ToolCallDelta",
    "agent",
    "backends_from",
    "entries",
    "load_agents",
    "run_agent",
]
