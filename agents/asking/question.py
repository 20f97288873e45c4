"""Turns what an agent's author passes to `stream` and `ask` into a question that can be asked. Pure."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Any, Final, TypeAlias, TypedDict, cast

import msgspec
from msgspec import Meta

from agents.asking.continuation import OnTurn, Turns
from agents.backends.protocol import ChatMessage, ChatRequest, Tool

Messages: TypeAlias = str | Sequence[ChatMessage | Mapping[str, Any]]
"""A prompt, or a conversation: `ChatMessage`s or `{"role": "system|user|assistant", "content": "…"}`."""

OnReasoning: TypeAlias = Callable[[str], Awaitable[object] | None]
"""Gets what the model thinks, piece by piece."""

MOST_TURNS: Final = 100


class Asking(TypedDict, total=False):
    """How a model is asked. What is not given is taken from the job's request, or is the backend's choice.

    `backend`, `model`: instead of those of the request and of the agent's policy. `step`: the label of the
    published chunks. `max_tokens`: of the whole answer. `max_turns`: so often at most a model whose answer
    was cut is asked to go on, its first turn included; `turn_tokens`: so many tokens a turn.
    `on_turn(turn, delta, aggregated, finish_reason)` after each. `json_schema`: see `ChatRequest`.
    """

    backend: str | None
    model: str | None
    step: str | None
    max_tokens: int | None
    temperature: float | None
    max_turns: int
    turn_tokens: int | None
    on_turn: OnTurn | None
    on_reasoning: OnReasoning | None
    tools: Sequence[Tool]
    json_schema: dict[str, Any] | None


class Question(msgspec.Struct, frozen=True):
    """One question, checked."""

    request: ChatRequest
    turns: Turns
    backend: str | None = None
    step: str | None = None
    on_turn: OnTurn | None = None
    on_reasoning: OnReasoning | None = None


class _Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    messages: Annotated[tuple[ChatMessage, ...], Meta(min_length=1)]
    model: Annotated[str, Meta(min_length=1)] | None = None
    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    tools: tuple[Tool, ...] = ()
    json_schema: dict[str, Any] | None = None
    backend: str | None = None
    step: str | None = None
    max_turns: Annotated[int, Meta(ge=1, le=MOST_TURNS)] = 1
    turn_tokens: Annotated[int, Meta(ge=1)] | None = None


def question(messages: Messages, asking: Asking) -> Question:
    """What `messages` and `asking` come to. Raises `ValueError` that says what is allowed."""
    wanted = _wanted(messages, asking)
    request = ChatRequest(
        wanted.messages,
        wanted.model,
        wanted.max_tokens,
        wanted.temperature,
        wanted.tools,
        wanted.json_schema,
    )
    return Question(
        request,
        Turns(wanted.max_turns, wanted.turn_tokens),
        wanted.backend,
        wanted.step,
        _callback("on_turn", asking.get("on_turn")),
        _callback("on_reasoning", asking.get("on_reasoning")),
    )


def _wanted(messages: Messages, asking: Asking) -> _Wanted:
    conversation = [ChatMessage("user", messages)] if isinstance(messages, str) else messages
    options = {name: value for name, value in asking.items() if name not in {"on_turn", "on_reasoning"}}
    try:
        return msgspec.convert({"messages": conversation, **options}, _Wanted)
    except msgspec.ValidationError as error:
        raise ValueError(f"This cannot be asked of a model: {error}.") from error


def _callback(name: str, given: object) -> Any:
    if given is not None and not callable(given):
        raise ValueError(f"This cannot be asked of a model: {name} must be a function.")
    return cast("Any", given)
