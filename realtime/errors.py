"""The errors that a client is told.

JobcastError
└── RequestError      answered as {code, message, retryable} or problem+json with `status`
    ├── InvalidRequest, UnknownAgent, UnknownBackend, NotFound
    ├── IdempotencyConflict, TooLarge, TooMany
    └── NoWorker, Unavailable
"""

from typing import Any, ClassVar

import msgspec

from shared_events.errors import JobcastError
from shared_events.events import ErrorInfo


class RequestError(JobcastError):
    """A request cannot be served; the message says what was wrong and what is allowed."""

    status: ClassVar[int] = 400

    @property
    def info(self) -> ErrorInfo:
        return ErrorInfo(code=self.code, message=str(self), retryable=self.retryable)


def refusal(error: RequestError) -> dict[str, Any]:
    """The acknowledgement of a request that cannot be served."""
    return {"ok": False, "error": msgspec.to_builtins(error.info)}


class InvalidRequest(RequestError):
    code = "invalid_request"


class UnknownAgent(RequestError):
    code = "unknown_agent"


class UnknownBackend(RequestError):
    code = "unknown_backend"


class NotFound(RequestError):
    code = "not_found"
    status = 404

    def __init__(self) -> None:
        super().__init__("There is no such job, or it is not yours to read, or its log has expired.")


class IdempotencyConflict(RequestError):
    code = "idempotency_conflict"
    status = 409


class TooLarge(RequestError):
    code = "too_large"
    status = 413


class TooMany(RequestError):
    code = "too_many"
    retryable = True
    status = 429


class NoWorker(RequestError):
    code = "no_worker"
    retryable = True
    status = 503


class Unavailable(RequestError):
    code = "unavailable"
    retryable = True
    status = 503
