"""Agents: functions that publish what they make, and the models that they ask.

from agents import JobContext, agent

@agent("haiku")
async def haiku(job: JobContext) -> None:
    async for _ in job.stream(f"A haiku about {job.input['topic']}."):
        pass
"""

from agents.asking.reply import Reply
from agents.asking.structured import structured
from agents.backends import (
    AnthropicMessages,
    Backend,
    BackendConfig,
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
    make_backends,
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
    InvalidInput,
    InvalidReply,
    JobStopped,
    PartTimeout,
)
from agents.finding import find_agent
from agents.parts import Part
from agents.policy import Policy, Retry
from agents.registry import Agent, agent, load_agents
from agents.running import run_agent
from agents.sink import EventSink
from agents.sync_context import SyncJobContext
from agents.trials import AgentStuck, Answer, Progress, Recited, Trial, TrialRun, TrialTimeout, try_agent
from agents.verdict import hidden_of, info_of, plain_result, shown_of

__all__ = [
    "Agent",
    "AgentError",
    "AgentLoadError",
    "AgentStuck",
    "Answer",
    "AnthropicMessages",
    "Backend",
    "BackendAuth",
    "BackendConfig",
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
    "InvalidInput",
    "InvalidReply",
    "JobContext",
    "JobStopped",
    "Ollama",
    "OpenAIChat",
    "OpenAIResponses",
    "Part",
    "PartTimeout",
    "Policy",
    "Progress",
    "ReasoningDelta",
    "Recited",
    "Reply",
    "Retry",
    "SSEGateway",
    "Scripted",
    "SyncJobContext",
    "TextDelta",
    "Tool",
    "ToolCall",
    "ToolCallDelta",
    "Trial",
    "TrialRun",
    "TrialTimeout",
    "agent",
    "backends_from",
    "entries",
    "find_agent",
    "hidden_of",
    "info_of",
    "load_agents",
    "make_backends",
    "plain_result",
    "run_agent",
    "shown_of",
    "structured",
    "try_agent",
]
