"""The body of a request to Ollama. Pure."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from agents.backends.dialect import Call
from agents.backends.protocol import ChatMessage, ChatRequest, Tool, ToolCall
from agents.errors import BackendRejected


def body(request: ChatRequest, call: Call) -> dict[str, Any]:
    """As Ollama understands it. Raises `BackendRejected` for a tool call without an object."""
    optional = {
        "options": _set({"num_predict": request.max_tokens, "temperature": request.temperature}) or None,
        "tools": _tools(request.tools) or None,
        "format": request.json_schema,
    }
    # Ollama streams unless it is told not to.
    asked = {"model": call.model, "messages": list(_messages(request.messages)), "stream": call.stream}
    return asked | _set(optional)


def _messages(messages: Sequence[ChatMessage]) -> Iterator[dict[str, Any]]:
    """Ollama knows the result of a tool by the tool's name, not by the call's id."""
    called: dict[str, str] = {}
    for message in messages:
        said: dict[str, Any] = {"role": message.role, "content": message.content}
        if message.tool_calls:
            called |= {call.id: call.name for call in message.tool_calls}
            said["tool_calls"] = [_call(call) for call in message.tool_calls]
        if message.tool_call_id is not None:
            said["tool_name"] = called.get(message.tool_call_id, message.tool_call_id)
        yield said


def _call(call: ToolCall) -> dict[str, Any]:
    try:
        arguments = msgspec.json.decode(call.arguments or "{}", type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        raise BackendRejected(f"The arguments of the tool call {call.id!r} are no JSON object.") from None
    return {"function": {"name": call.name, "arguments": arguments}}


def _tools(tools: Sequence[Tool]) -> list[dict[str, Any]]:
    return [{"type": "function", "function": tool} for tool in tools]


def _set(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}
