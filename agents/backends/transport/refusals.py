"""What a provider's refusals mean: a status or an error object to a `BackendError`. Pure."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec

from agents.errors import (
    BackendAuth,
    BackendError,
    BackendProtocolError,
    BackendRateLimited,
    BackendRejected,
    BackendTimeout,
    BackendUnavailable,
)

_BY_STATUS: Final[dict[int, type[BackendError]]] = {
    401: BackendAuth,
    403: BackendAuth,
    408: BackendUnavailable,
    409: BackendUnavailable,
    425: BackendUnavailable,
    429: BackendRateLimited,
}
_BY_WORD: Final[dict[str, type[BackendError]]] = {
    "api_error": BackendUnavailable,
    "authentication_error": BackendAuth,
    "billing_error": BackendAuth,
    "invalid_api_key": BackendAuth,
    "permission_error": BackendAuth,
    "insufficient_quota": BackendRateLimited,
    "rate_limit": BackendRateLimited,
    "rate_limit_error": BackendRateLimited,
    "rate_limit_exceeded": BackendRateLimited,
    "content_filter": BackendRejected,
    "context_length_exceeded": BackendRejected,
    "invalid_prompt": BackendRejected,
    "invalid_request_error": BackendRejected,
    "model_not_found": BackendRejected,
    "not_found_error": BackendRejected,
    "overloaded_error": BackendUnavailable,
    "request_too_large": BackendRejected,
    "server_error": BackendUnavailable,
    "timeout": BackendTimeout,
    "timeout_error": BackendTimeout,
}
_DEEPEST: Final = 5
_STATUSES: Final = frozenset(map(str, range(400, 600)))


def kind_of_status(status: int) -> type[BackendError]:
    """What an HTTP status from 300 on says."""
    if status >= 500:
        return BackendUnavailable
    return _BY_STATUS.get(status, BackendRejected if status >= 400 else BackendProtocolError)


def kind_of_error(error: object) -> type[BackendError]:
    """What an error object inside a stream says; servers put a status or a word in `code` or `type`."""
    for value in _fields(error, "code", "status", "type"):
        if str(value) in _STATUSES:
            return kind_of_status(int(value))
        if isinstance(value, str) and value in _BY_WORD:
            return _BY_WORD[value]
    return BackendUnavailable


def words_of_error(error: object) -> str:
    """The provider's own words in an error object, whatever its form."""
    for _ in range(_DEEPEST):
        if isinstance(error, str):
            return error
        if isinstance(error, list):
            error = error[0] if error else None
        error = next(filter(None, _fields(error, "error", "message", "detail", "msg", "code", "type")), None)
    return ""


def words_of_body(body: bytes) -> str:
    """The provider's own words in the body of a refusal; a page of HTML has none."""
    try:
        return words_of_error(msgspec.json.decode(body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        text = body.decode(errors="replace").strip()
        return "" if text.startswith("<") else text


def refuses_streaming(body: bytes) -> bool:
    """Whether a refusal of a streamed request says that the same request may be answered as a whole."""
    try:
        error = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    said = words_of_error(error).lower()
    named = _fields(next(iter(_fields(error, "error")), None), "param")
    return named == ["stream"] or ("stream" in said and "support" in said)


def status_line(status: int) -> str:
    """`429 Too Many Requests`"""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _fields(error: object, *names: str) -> list[Any]:
    return [error.get(name) for name in names] if isinstance(error, Mapping) else []
