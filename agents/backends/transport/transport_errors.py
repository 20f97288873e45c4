"""What the errors of aiohttp mean for an answer. Pure."""

import os
from typing import Final

import aiohttp
from aiohttp.http_exceptions import ContentEncodingError

from agents.errors import (
    BackendError,
    BackendIncomplete,
    BackendProtocolError,
    BackendTimeout,
    BackendUnavailable,
)

CONNECT_TIMEOUT_S: Final = 10.0
TRANSPORT_ERRORS: Final = (aiohttp.ClientError, TimeoutError)
"""All that may go wrong between us and a server."""


def unreachable(name: str, error: Exception, silence_s: float) -> BackendError:
    """What stopped a request before its response began."""
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return BackendUnavailable(f"{name} could not be reached within {CONNECT_TIMEOUT_S:g} s.")
    if isinstance(error, TimeoutError):
        return BackendTimeout(f"{name} did not answer within {silence_s:g} s.")
    if isinstance(error, aiohttp.ClientConnectorError):
        return BackendUnavailable(f"{name} could not be reached: {_reason(error)}.")
    if isinstance(error, aiohttp.ClientResponseError):
        return BackendProtocolError(f"{name} did not answer in HTTP.")
    return BackendUnavailable(f"{name} closed the connection without an answer.")


def interrupted(name: str, error: Exception, silence_s: float) -> BackendError:
    """What broke a response that had begun."""
    if isinstance(error, TimeoutError):
        return BackendTimeout(f"{name} sent nothing for {silence_s:g} s.")
    if isinstance(error.__cause__, ContentEncodingError):
        return BackendProtocolError(f"{name} sent an answer whose compression is broken.")
    return BackendIncomplete(f"{name} closed the connection in the middle of its answer.")


def _reason(error: aiohttp.ClientConnectorError) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return str(error.certificate_error)
    cause = error.os_error
    # Refused, unreachable: the system's words, without the address that Python adds.
    return os.strerror(cause.errno) if isinstance(cause, ConnectionError) and cause.errno else _words(cause)


def _words(error: OSError) -> str:
    return error.strerror or str(error)
