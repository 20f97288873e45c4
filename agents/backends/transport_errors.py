"""What the errors of httpx mean for an answer. Pure."""

from typing import Final

import httpx

from agents.errors import (
    BackendError,
    BackendIncomplete,
    BackendProtocolError,
    BackendTimeout,
    BackendUnavailable,
)

CONNECT_TIMEOUT_S: Final = 10.0


def unreachable(name: str, error: httpx.HTTPError, silence_s: float) -> BackendError:
    """What stopped a request before its response began."""
    if isinstance(error, httpx.ReadTimeout | httpx.WriteTimeout):
        return BackendTimeout(f"{name} did not answer within {silence_s:g} s.")
    if isinstance(error, httpx.TimeoutException):
        return BackendUnavailable(f"{name} could not be reached within {CONNECT_TIMEOUT_S:g} s.")
    if isinstance(error, httpx.ConnectError):
        return BackendUnavailable(f"{name} could not be reached: {error}.")
    return BackendUnavailable(f"{name} closed the connection without an answer.")


def interrupted(name: str, error: httpx.HTTPError, silence_s: float) -> BackendError:
    """What broke a response that had begun."""
    if isinstance(error, httpx.TimeoutException):
        return BackendTimeout(f"{name} sent nothing for {silence_s:g} s.")
    if isinstance(error, httpx.DecodingError):
        return BackendProtocolError(f"{name} sent an answer whose compression is broken.")
    return BackendIncomplete(f"{name} closed the connection in the middle of its answer.")
