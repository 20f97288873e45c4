"""A conversation with everything in it: two tools are asked, and both answer."""

from typing import Any

from agents import ChatMessage
from agents.backends.protocol import Tool, ToolCall

SCHEMA: dict[str, Any] = {"type": "object", "properties": {"city": {"type": "string"}}}
WEATHER = Tool("weather", "Looks outside.", SCHEMA)
CONVERSATION = (
    ChatMessage("system", "Be short."),
    ChatMessage("user", "Hi 🌱"),
    ChatMessage("system", "Be kind."),
    ChatMessage("user", "Weather?"),
    ChatMessage(
        "assistant",
        "I look.",
        tool_calls=(ToolCall("c1", "weather", '{"city":"Ulm"}'), ToolCall("c2", "weather", "")),
    ),
    ChatMessage("tool", "Rain", tool_call_id="c1"),
    ChatMessage("tool", "", tool_call_id="c2"),
    ChatMessage("user", "And?"),
)
