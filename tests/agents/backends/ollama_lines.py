"""Builds the bytes of Ollama's answers."""

from typing import Any

import msgspec

HEADERS = {"Content-Type": "application/x-ndjson"}


def line(payload: Any) -> bytes:
    return msgspec.json.encode(payload) + b"\n"


def says(content: str) -> bytes:
    """A line as Ollama sends it."""
    message = {"role": "assistant", "content": content}
    return line({"model": "m", "created_at": "2026-01-01T00:00:00Z", "message": message, "done": False})


def called(name: str, arguments: Any) -> bytes:
    """A line with a tool call."""
    return line({"message": {"tool_calls": [{"function": {"name": name, "arguments": arguments}}]}})


def end(reason: str = "stop") -> bytes:
    """The last line, with its counts."""
    counts = {"prompt_eval_count": 3, "eval_count": 2, "total_duration": 5}
    return line({"model": "m", "message": {"content": ""}, "done": True, "done_reason": reason, **counts})


END = end()


def whole(*texts: str) -> bytes:
    """A complete answer of these pieces."""
    return b"".join([*map(says, texts), END])
