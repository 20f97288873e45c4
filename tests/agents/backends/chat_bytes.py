"""Builds the bytes of streamed chat completions."""

from typing import Any

import msgspec

DONE = b"data: [DONE]\n\n"


def event(payload: Any) -> bytes:
    return b"data: " + msgspec.json.encode(payload) + b"\n\n"


def chunk(content: str | None = None, *, finish: str | None = None, **delta: Any) -> bytes:
    """A `chat.completion.chunk` as OpenAI sends it."""
    if content is not None:
        delta["content"] = content
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return event(
        {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
    )


def usage(prompt_tokens: int, completion_tokens: int) -> bytes:
    """The last chunk but `[DONE]`: no choices, only counts."""
    counts = {"prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens}
    return event({"object": "chat.completion.chunk", "choices": [], "usage": counts})


def whole(*texts: str) -> bytes:
    """A complete answer of these pieces."""
    return b"".join([chunk(role="assistant"), *map(chunk, texts), chunk(finish="stop"), usage(3, 2), DONE])
