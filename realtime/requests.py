"""What clients ask for, as structs; anything else is refused in words. Pure."""

from typing import Any, Final, Literal, TypeVar

import msgspec

from realtime.errors import InvalidRequest, NotFound
from shared_events.checkpoint import Checkpoint
from shared_events.contract import Priority
from shared_events.events import Wire
from shared_events.ids import Epoch, JobId, is_epoch, is_job_id, is_sequence

MAX_REQUEST_BYTES: Final = 64 * 1024


class Request(Wire, frozen=True, forbid_unknown_fields=True):
    """Base of all requests: an unknown field is an error, so that a misspelt one is noticed."""


class Submit(Request, frozen=True):
    agent: str
    input: Any
    backend: str | None = None
    model: str | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    priority: Priority = "normal"
    on_disconnect: Literal["continue"] = "continue"
    idempotency_key: str | None = None


class Subscribe(Request, frozen=True):
    job_id: Any
    epoch: Any = msgspec.UNSET
    last_sequence: Any = msgspec.UNSET


class Unsubscribe(Request, frozen=True):
    job_id: Any


class Visibility(Request, frozen=True):
    job_id: Any
    visible: bool


class Cancel(Request, frozen=True):
    job_id: Any
    reason: str | None = None


class Pause(Request, frozen=True):
    job_id: Any
    reason: str | None = None


class Resume(Request, frozen=True):
    job_id: Any


R = TypeVar("R", bound=Request)


def parse(payload: object, kind: type[R]) -> R:
    """The request in `payload`. Raises `InvalidRequest`."""
    try:
        request = msgspec.convert(payload, kind)
        # Whatever is taken in must be sayable again: a lone surrogate is text that is not Unicode.
        msgspec.json.encode(payload)
    except msgspec.ValidationError as error:
        allowed = ", ".join(field.encode_name for field in msgspec.structs.fields(kind))
        raise InvalidRequest(f"{error}. Allowed are: {allowed}.") from error
    except UnicodeEncodeError as error:
        raise InvalidRequest("The text has a lone surrogate, which is not Unicode.") from error
    except RecursionError as error:
        raise InvalidRequest("The request is nested too deeply.") from error
    return request


def submit(payload: object) -> Submit:
    """Raises `InvalidRequest` also for numbers and names out of range."""
    request = parse(payload, Submit)
    in_range("maxTokens", request.max_tokens, 1, 1_000_000)
    in_range("temperature", request.temperature, 0, 2)
    for name, value, longest in (
        ("agent", request.agent, 100),
        ("backend", request.backend, 100),
        ("model", request.model, 200),
        ("idempotencyKey", request.idempotency_key, 128),
    ):
        if value is not None and not 1 <= len(value) <= longest:
            raise InvalidRequest(f"{name} must have 1 to {longest} characters, not {len(value)}.")
    if request.model is not None and not request.model.isprintable():
        raise InvalidRequest(f"model must have printable characters only, not {_shown(request.model)}.")
    return request


def check_external(request: Submit) -> None:
    """Of a job that is published from outside. Raises `InvalidRequest`."""
    if not isinstance(request.input, dict):
        raise InvalidRequest("input must be an object for the agent 'external'.")
    for name in ("backend", "model", "max_tokens", "temperature"):
        if getattr(request, name) is not None:
            raise InvalidRequest(f"An 'external' job takes no {name}: tell its publisher in the input.")


def job_id(value: object) -> JobId:
    """Raises `NotFound` for what cannot be an id: it looks like any other unknown job."""
    if not is_job_id(value):
        raise NotFound
    return JobId(str(value))


def checkpoint(request: Subscribe) -> Checkpoint | None:
    """From where the follower goes on; None for a first look. Raises `InvalidRequest`."""
    epoch, sequence = request.epoch, request.last_sequence
    if epoch is msgspec.UNSET and sequence is msgspec.UNSET:
        return None
    if not is_sequence(sequence):
        raise InvalidRequest(
            f"lastSequence must be a whole number from 0 to 2^53 - 1, not {_shown(sequence)}."
        )
    if epoch is not msgspec.UNSET and not is_epoch(epoch):
        raise InvalidRequest(f"epoch must be a string of 12 characters 0-9a-z, not {_shown(epoch)}.")
    return Checkpoint(sequence, None if epoch is msgspec.UNSET else Epoch(epoch))


def in_range(name: str, value: float | None, low: int, high: int) -> None:
    if value is not None and not low <= value <= high:
        raise InvalidRequest(f"{name} must be from {low} to {high}, not {value}.")


def _shown(value: object) -> str:
    return "nothing" if value is msgspec.UNSET else repr(value)[:60]
