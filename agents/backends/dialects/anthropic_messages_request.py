"""The body of a request for a message. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

import msgspec

from agents.backends.dialect import Call
from agents.backends.dialects.anthropic_schema import accepted
from agents.backends.protocol import ChatMessage, ChatRequest, Tool, ToolCall
from agents.errors import BackendRejected

MAX_TOKENS: Final = 8192
"""The protocol wants a limit: it is this where a request has none."""
_ANTHROPIC: Final = "api.anthropic.com"
_HOTTEST: Final = 1.0


def body(request: ChatRequest, call: Call) -> dict[str, Any]:
    """As the server understands it. Raises `BackendRejected` for a tool call that it could not.

    A temperature above 1, which this protocol does not know, is asked for as 1.
    """
    options: Mapping[str, Any] = {
        "system": "\n\n".join(_system(request.messages)) or None,
        "temperature": None if request.temperature is None else min(request.temperature, _HOTTEST),
        "stream": call.stream or None,
        "tools": _tools(request.tools),
        # Other servers of this protocol need not know it.
        "output_config": _output(request.json_schema) if call.host == _ANTHROPIC else None,
    }
    asked = {
        "model": call.model,
        "max_tokens": request.max_tokens or MAX_TOKENS,
        "messages": list(_turns(request.messages)),
    }
    return asked | {name: value for name, value in options.items() if value is not None}


def _system(messages: Iterable[ChatMessage]) -> list[str]:
    return [message.content for message in messages if message.role == "system" and message.content]


def _turns(messages: Iterable[ChatMessage]) -> Iterator[dict[str, Any]]:
    """User and assistant in turn: what tools gave is said by the user, all of it in one turn."""
    spoken = (message for message in messages if message.role != "system")
    for role, neighbours in groupby(spoken, lambda message: _ROLES[message.role]):
        blocks = [block for message in neighbours for block in _blocks(message)]
        if blocks:
            yield {"role": role, "content": blocks}


_ROLES: Final = {"user": "user", "assistant": "assistant", "tool": "user"}


def _blocks(message: ChatMessage) -> list[dict[str, Any]]:
    if message.role == "tool":
        given = {"type": "tool_result", "tool_use_id": message.tool_call_id, "content": message.content}
        return [given]
    # An empty text is refused.
    texts = [{"type": "text", "text": message.content}] if message.content else []
    return texts + [_use(call) for call in message.tool_calls]


def _use(call: ToolCall) -> dict[str, Any]:
    try:
        given = msgspec.json.decode(call.arguments or "{}", type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError):
        raise BackendRejected("The arguments of a tool call in the request are no JSON object.") from None
    return {"type": "tool_use", "id": call.id, "name": call.name, "input": given}


def _tools(tools: Sequence[Tool]) -> list[dict[str, Any]] | None:
    return [
        {"name": tool.name, "description": tool.description, "input_schema": tool.parameters}
        for tool in tools
    ] or None


def _output(schema: dict[str, Any] | None) -> dict[str, Any] | None:
    known = accepted(schema) if schema is not None else None
    return {"format": {"type": "json_schema", "schema": known}} if known is not None else None
