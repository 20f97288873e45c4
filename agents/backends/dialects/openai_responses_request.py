"""The body of a request for a response. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from agents.backends.dialect import Call
from agents.backends.protocol import ChatMessage, ChatRequest, Tool

LEAST_TOKENS: Final = 16
"""OpenAI refuses a lower limit."""


def body(request: ChatRequest, call: Call) -> dict[str, Any]:
    """As the server understands it. What is asked for is not kept there.

    A schema for the answer goes to every server: it has been in this protocol from the first.
    """
    options: Mapping[str, Any] = {
        "instructions": "\n\n".join(_system(request.messages)) or None,
        "max_output_tokens": request.max_tokens and max(request.max_tokens, LEAST_TOKENS),
        "temperature": request.temperature,
        "stream": call.stream or None,
        "tools": _tools(request.tools),
        "text": _format(request.json_schema),
    }
    given = [item for message in request.messages for item in _items(message)]
    asked = {"model": call.model, "input": given, "store": False}
    return asked | {name: value for name, value in options.items() if value is not None}


def _system(messages: Iterable[ChatMessage]) -> list[str]:
    return [message.content for message in messages if message.role == "system" and message.content]


def _items(message: ChatMessage) -> Iterator[dict[str, Any]]:
    if message.role == "tool":
        yield {"type": "function_call_output", "call_id": message.tool_call_id, "output": message.content}
    elif message.role != "system" and (message.content or not message.tool_calls):
        yield {"type": "message", "role": message.role, "content": message.content}
    for call in message.tool_calls:
        yield {
            "type": "function_call",
            "call_id": call.id,
            "name": call.name,
            "arguments": call.arguments or "{}",
        }


def _tools(tools: Sequence[Tool]) -> list[dict[str, Any]] | None:
    # Strict is the default here, and takes only some schemas.
    return [
        {
            "type": "function",
            "name": tool.name,
            "description": tool.description,
            "parameters": tool.parameters,
            "strict": False,
        }
        for tool in tools
    ] or None


def _format(schema: dict[str, Any] | None) -> dict[str, Any] | None:
    if schema is None:
        return None
    return {"format": {"type": "json_schema", "name": "answer", "schema": schema, "strict": False}}
