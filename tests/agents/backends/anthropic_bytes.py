"""Builds the bytes of streamed messages, as Anthropic sends them."""

from typing import Any

import msgspec

PING = b'event: ping\ndata: {"type": "ping"}\n\n'


def event(type_: str, **fields: Any) -> bytes:
    data = msgspec.json.encode({"type": type_, **fields})
    return b"event: " + type_.encode() + b"\ndata: " + data + b"\n\n"


STOP = event("message_stop")


def start(**usage: int) -> bytes:
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": []}
    return event(
        "message_start", message={**message, "stop_reason": None, "stop_sequence": None, "usage": usage}
    )


def opens(index: int = 0, type_: str = "text", **block: Any) -> bytes:
    return event("content_block_start", index=index, content_block={"type": type_, **block})


def delta(index: int = 0, type_: str = "text_delta", **piece: Any) -> bytes:
    return event("content_block_delta", index=index, delta={"type": type_, **piece})


def text(piece: str, index: int = 0) -> bytes:
    return delta(index, text=piece)


def closes(index: int = 0) -> bytes:
    return event("content_block_stop", index=index)


def change(reason: str | None = "end_turn", **usage: int) -> bytes:
    return event("message_delta", delta={"stop_reason": reason, "stop_sequence": None}, usage=usage)


def failed(kind: str, words: str) -> bytes:
    return event("error", error={"type": kind, "message": words})


def whole(*texts: str, reason: str = "end_turn") -> bytes:
    """A complete answer of these pieces."""
    pieces = [start(input_tokens=3, output_tokens=1), opens(text=""), PING, *map(text, texts), closes()]
    return b"".join([*pieces, change(reason, output_tokens=2), STOP])
