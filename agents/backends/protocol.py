"""What a backend is: one port, whoever serves the model."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any, Literal, Protocol, TypeAlias

import msgspec

from shared_events.events import Usage

Role: TypeAlias = Literal["system", "user", "assistant", "tool"]


class ToolCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a model asks to have done. `arguments` is JSON text: an object, as the tool's schema says."""

    id: str
    name: str
    arguments: str


class ChatMessage(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One turn of a conversation.

    An assistant's turn may have `tool_calls`; what each of them gave comes back in a message of the role
    `tool`, with the call's id in `tool_call_id`.
    """

    role: Role
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None


class Tool(msgspec.Struct, frozen=True):
    """Something that a model may ask for. `parameters` is the JSON Schema of an object."""

    name: str
    description: str
    parameters: dict[str, Any]


class ChatRequest(msgspec.Struct, frozen=True):
    """One question. What is None is the backend's choice; `max_tokens` limits the answer.

    `json_schema` asks for an answer that is JSON and fits the schema. Not every backend can be held to
    that: say it in the messages as well, and check what comes.
    """

    messages: tuple[ChatMessage, ...]
    model: str | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    tools: tuple[Tool, ...] = ()
    json_schema: dict[str, Any] | None = None


class TextDelta(msgspec.Struct, frozen=True, gc=False):
    """The next piece of the answer. It may end in half a surrogate pair."""

    text: str


class ReasoningDelta(msgspec.Struct, frozen=True, gc=False):
    """The next piece of what the model thinks before and between its answer's pieces."""

    text: str


class ToolCallDelta(msgspec.Struct, frozen=True, gc=False):
    """The next piece of a tool call: `id` and `name` come once, `arguments` in pieces.

    `index` tells the calls of one answer apart, from 0.
    """

    index: int
    id: str | None = None
    name: str | None = None
    arguments: str = ""


FinishReason: TypeAlias = str
"""`stop`, `length`, `tool_calls`, `content_filter`, or the provider's own word for anything else."""


class Finished(msgspec.Struct, frozen=True):
    """The answer is complete. `length`: it was cut at the most tokens that it may have."""

    reason: FinishReason
    usage: Usage | None = None


Delta: TypeAlias = TextDelta | ReasoningDelta | ToolCallDelta | Finished


class Backend(Protocol):
    """Something that answers. `tests/agents/test_backend_contract.py` checks all of this.

    `models` are suggestions, the default first; it may be empty.
    """

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def models(self) -> Sequence[str]: ...
    @property
    def description(self) -> str: ...

    def stream(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        """Any number of deltas, then exactly one `Finished`; or a `BackendError` at any time.

        Whoever iterates must close the iterator; that, and cancelling, ends the request at once.
        """
        ...

    async def aclose(self) -> None:
        """Release connections; may be called twice."""
        ...
