"""An event as the bytes that log, bus and wire share, if an agent's output can be said in them. Pure."""

from typing import Final

from shared_events.errors import InvalidEvent
from shared_events.events import Event, ModelChunk, decode_event, encode_event
from workers.errors import OutputTooLarge, UnencodableOutput

EVENT_LIMIT_BYTES: Final = 1024 * 1024


def encoded(event: Event) -> bytes:
    """Raises `UnencodableOutput`, `OutputTooLarge`."""
    try:
        data = encode_event(event)
    except (TypeError, ValueError, RecursionError) as error:
        raise UnencodableOutput(f"{event.NAME} has a value that JSON cannot say: {error}.") from error
    if len(data) > EVENT_LIMIT_BYTES:
        raise OutputTooLarge(f"An event may have {EVENT_LIMIT_BYTES} bytes at most, this has {len(data)}.")
    _verify(event, data)
    return data


def _verify(event: Event, data: bytes) -> None:
    # An encoder does not look at types. What nobody could read would end every reader of the job. Chunks
    # are many, and hold what was checked.
    if isinstance(event, ModelChunk):
        return
    try:
        decode_event(data)
    except (InvalidEvent, RecursionError) as error:
        raise UnencodableOutput(f"{event.NAME} has a value of a wrong type: {error}.") from error
