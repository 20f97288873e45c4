"""Builds the bytes of streamed responses, as OpenAI sends them."""

from collections.abc import Iterable
from typing import Any

import msgspec

Event = dict[str, Any]
COUNTS = {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5}


def event(type_: str, **fields: Any) -> Event:
    return {"type": type_, **fields}


def text(piece: str) -> Event:
    return event("response.output_text.delta", item_id="msg_1", output_index=0, content_index=0, delta=piece)


def thought(piece: str, kind: str = "summary_text") -> Event:
    return event(f"response.reasoning_{kind}.delta", item_id="rs_1", output_index=0, delta=piece)


def call(index: int = 1, arguments: str = "", state: str = "added", **fields: Any) -> Event:
    item = {"type": "function_call", "id": f"fc_{index}", "call_id": f"call_{index}", "name": "f", **fields}
    return event(f"response.output_item.{state}", output_index=index, item={**item, "arguments": arguments})


def argument(piece: str, index: int = 1) -> Event:
    return event(
        "response.function_call_arguments.delta", item_id=f"fc_{index}", output_index=index, delta=piece
    )


def end(status: str = "completed", **response: Any) -> Event:
    given: Event = {"id": "resp_1", "object": "response", "status": status, "error": None, "output": []}
    return event(f"response.{status}", response={**given, "incomplete_details": None, **response})


def sent(events: Iterable[Event], *, numbered: bool = True, named: bool = True) -> bytes:
    """`events` as one stream; each with its number, and with its type in a line `event:`."""
    return b"".join(_sent(number if numbered else None, event, named) for number, event in enumerate(events))


def _sent(number: int | None, event: Event, named: bool) -> bytes:
    given = event if number is None else {**event, "sequence_number": number}
    name = f"event: {event['type']}\n" if named else ""
    return name.encode() + b"data: " + msgspec.json.encode(given) + b"\n\n"


def answer(*pieces: Event, ends: Event | None = None) -> list[Event]:
    """The events of an answer around `pieces`."""
    created = event("response.created", response={"id": "resp_1", "status": "in_progress", "output": []})
    return [created, *pieces, ends or end(usage=COUNTS)]


def whole(*texts: str) -> bytes:
    """A complete answer of these pieces."""
    return sent(answer(*map(text, texts)))
