"""What a publisher says: begin, and batches of small events. Anything else is refused in words. Pure."""

import json
from typing import Any, Final

from realtime.errors import InvalidRequest
from realtime.requests import Request, in_range, parse
from shared_events.events import ErrorInfo, Usage
from shared_events.ids import MAX_SEQUENCE, is_epoch, is_sequence

MOST_EVENTS: Final = 512
"""In one batch; its bytes are limited by those of a request."""
LONGEST_NAME: Final = 200
"""Characters of a step, a model, an error's code."""
LONGEST_MESSAGE: Final = 4000
_LONGEST_TOKEN: Final = 200


class Chunk(Request, frozen=True, tag_field="type", tag="chunk"):
    """Text to append; an empty one says nothing."""

    text: str
    step: str | None = None
    model: str | None = None


class Progress(Request, frozen=True, tag_field="type", tag="progress"):
    progress: float
    step: str | None = None
    metadata: dict[str, Any] | None = None


class Rewind(Request, frozen=True, tag_field="type", tag="rewind"):
    """Drop the text after `length` (UTF-16 units), to say it anew. It can only come first in a batch."""

    length: int
    reason: str = "begun anew"


class Completed(Request, frozen=True, tag_field="type", tag="completed"):
    result: Any = None
    usage: Usage | None = None


class Failed(Request, frozen=True, tag_field="type", tag="failed"):
    error: ErrorInfo


class Cancelled(Request, frozen=True, tag_field="type", tag="cancelled"):
    reason: str | None = None


Said = Chunk | Progress | Rewind | Completed | Failed | Cancelled
END: Final = (Completed, Failed, Cancelled)


class Begin(Request, frozen=True):
    job_id: Any
    token: str


class Publish(Request, frozen=True):
    """A batch that goes after `previous`, the head that the last answer told."""

    job_id: Any
    token: str
    epoch: Any
    previous: Any
    events: tuple[Said, ...] = ()


def begin(payload: object) -> Begin:
    """Raises `InvalidRequest`."""
    request = parse(payload, Begin)
    in_range("The length of token", len(request.token), 1, _LONGEST_TOKEN)
    return request


def publish(payload: object) -> Publish:
    """Raises `InvalidRequest`."""
    request = parse(payload, Publish)
    _check_numbers(payload)
    in_range("The length of token", len(request.token), 1, _LONGEST_TOKEN)
    if not is_epoch(request.epoch):
        raise InvalidRequest("epoch must be the one that begin answered: 12 characters 0-9a-z.")
    if not is_sequence(request.previous):
        raise InvalidRequest(
            "previous must be a whole number from 0 to 2^53 - 1: the head of the last answer."
        )
    if len(request.events) > MOST_EVENTS:
        raise InvalidRequest(f"A batch may have {MOST_EVENTS} events at most, not {len(request.events)}.")
    for place, said in enumerate(request.events):
        _check(said, place, last=place == len(request.events) - 1)
    return request


def _check(said: Said, place: int, *, last: bool) -> None:
    match said:
        case Progress(progress=progress):
            in_range("progress", progress, 0, 100)
        case Rewind(length=length) if place > 0 or length < 0:
            raise InvalidRequest("A rewind must be the first event of its batch, with a length from 0 on.")
        case Completed(usage=Usage(input_tokens=read, output_tokens=written)):
            in_range("usage.input_tokens", read, 0, MAX_SEQUENCE)
            in_range("usage.output_tokens", written, 0, MAX_SEQUENCE)
        case Failed(error=error):
            in_range("The length of error.code", len(error.code), 1, LONGEST_NAME)
            in_range("The length of error.message", len(error.message), 0, LONGEST_MESSAGE)
    for name in ("step", "model", "reason"):
        in_range(f"The length of {name}", len(getattr(said, name, None) or ""), 0, LONGEST_NAME)
    if isinstance(said, END) and not last:
        raise InvalidRequest(f"Event {place + 1} of the batch is the end of the job: nothing may follow it.")


def _check_numbers(payload: object) -> None:
    """Python's reader of JSON takes NaN and Infinity, which nobody else could read."""
    try:
        json.dumps(payload, allow_nan=False)
    except ValueError as error:
        raise InvalidRequest("A number must be finite: NaN and Infinity are not JSON.") from error
