"""Answers of the HTTP API: JSON, and errors as `application/problem+json`."""

import asyncio
import http
import traceback
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
import structlog
from aiohttp import ClientPayloadError, web
from aiohttp.http_exceptions import HttpProcessingError

from realtime.errors import InvalidRequest, RequestError, TooLarge

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

BODY_WITHIN_S: Final = 30.0
"""A body that is not there by then is not waited for."""

_log = structlog.get_logger("http")


class Said(web.Response):
    """An answer whose body is let go of at once where its client hangs up before it has all of it."""

    async def write_eof(self, data: bytes = b"") -> None:
        try:
            await super().write_eof(data)
        except ConnectionError as error:
            # aiohttp raises an error that its own frames hold on to, and these the body, until the garbage
            # collector comes: rarely, and a body may have many megabytes.
            traceback.clear_frames(error.__traceback__)
            raise


def respond(body: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return Said(
        body=msgspec.json.encode(body), status=status, headers=headers, content_type="application/json"
    )


def problem(status: int, code: str, detail: str, *, retryable: bool = False) -> web.Response:
    body = {
        "type": "about:blank",
        "title": http.HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "retryable": retryable,
    }
    return web.Response(
        body=msgspec.json.encode(body), status=status, content_type="application/problem+json"
    )


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever goes wrong is said as a problem."""
    try:
        return await handler(request)
    except RequestError as error:
        return problem(error.status, error.code, str(error), retryable=error.retryable)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return problem(error.status, "http_error", error.text or error.reason)
    except Exception:  # noqa: BLE001  the border of a client's request: it gets an answer, the node lives
        _log.exception("request_failed", path=request.path)
        return problem(500, "internal", "The server could not do that; its log says why.")


_UNREADABLE = (
    web.PayloadAccessError,
    web.RequestPayloadError,
    ClientPayloadError,
    HttpProcessingError,
    ConnectionError,  # nobody sees the answer
    TimeoutError,
)


async def json_body(request: web.Request) -> Any:
    """The request's JSON. Raises `InvalidRequest`, `TooLarge`."""
    if request.content_type != "application/json":
        raise InvalidRequest(f"Content-Type must be application/json, not {request.content_type!r}.")
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            return msgspec.json.decode(await request.read())
    except web.HTTPRequestEntityTooLarge as error:
        raise TooLarge("A request may have 64 KiB at most.") from error
    except _UNREADABLE as error:
        raise InvalidRequest(f"The body cannot be read: {type(error).__name__}.") from error
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"The body is not JSON: {error}.") from error
