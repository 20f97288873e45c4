"""What a backend is: one port, whoever serves the model."""

from collections.abc import AsyncGenerator, Sequence
from typing import Literal, Protocol, TypeAlias

import msgspec

from shared_events.events import Usage


class ChatMessage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    role: Literal["system", "user", "assistant"]
    content: str


class ChatRequest(msgspec.Struct, frozen=True):
    """One question. What is None is the backend's choice; `max_tokens` limits the answer."""

    messages: tuple[ChatMessage, ...]
    model: str | None = None
    max_tokens: int | None = None
    temperature: float | None = None


class TextDelta(msgspec.Struct, frozen=True, gc=False):
    """The next piece of the answer. It may end in half a surrogate pair."""

    text: str


class Finished(msgspec.Struct, frozen=True):
    """The answer is complete. `reason`: `stop`, `length`, or the provider's own word."""

    reason: str
    usage: Usage | None = None


Delta: TypeAlias = TextDelta | Finished


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
        """Any number of `TextDelta`, then exactly one `Finished`; or a `BackendError` at any time.

        Whoever iterates must close the iterator; that, and cancelling, ends the request at once.
        """
        ...

    async def aclose(self) -> None:
        """Release connections; may be called twice."""
        ...
