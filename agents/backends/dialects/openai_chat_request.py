"""The body of a request for a chat completion. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from agents.backends.dialect import Call
from agents.backends.protocol import ChatMessage, ChatRequest, Tool

_OPENAI: Final = ("api.openai.com", ".openai.azure.com")


def body(request: ChatRequest, call: Call) -> dict[str, Any]:
    """As the server understands it."""
    openai = call.host.endswith(_OPENAI)
    # OpenAI's newer models refuse `max_tokens`, and other servers do not know its successor.
    limit = "max_completion_tokens" if openai else "max_tokens"
    options: Mapping[str, Any] = {
        limit: request.max_tokens,
        "temperature": request.temperature,
        "stream": call.stream or None,
        "stream_options": {"include_usage": True} if call.stream else None,
        "tools": _tools(request.tools),
        "response_format": _format(request.json_schema) if openai else None,
    }
    asked = {"model": call.model, "messages": [_message(message) for message in request.messages]}
    return asked | {name: value for name, value in options.items() if value is not None}


def _message(message: ChatMessage) -> dict[str, Any]:
    said: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_call_id is not None:
        said["tool_call_id"] = message.tool_call_id
    if message.tool_calls:
        said["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.tool_calls
        ]
    return said


def _tools(tools: Sequence[Tool]) -> list[dict[str, Any]] | None:
    return [{"type": "function", "function": tool} for tool in tools] or None


def _format(schema: dict[str, Any] | None) -> dict[str, Any] | None:
    if schema is None:
        return None
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
