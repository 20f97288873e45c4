"""What goes over HTTP when a client polls: the body of a POST, and packets for the answer to a GET."""

import asyncio
from typing import Final

from aiohttp import ClientError, web
from aiohttp.http_exceptions import HttpProcessingError
from engineio.exceptions import EngineIOError

POLL_PACKETS: Final = 16
"""Packets in the answer to one poll: python-socketio's client refuses more."""
POSTED_WITHIN_S: Final = 30.0
"""A body that is not there by then is not waited for."""
SEPARATOR: Final = "\x1e"

_UNREADABLE: Final = (ClientError, web.RequestPayloadError, HttpProcessingError, OSError, TimeoutError)


class BadRequest(EngineIOError):
    """Answered with 400 and the message."""


class Encoded:
    """A packet for engineio's payload that is encoded already."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def encode(self, b64: bool = False) -> str:  # noqa: ARG002
        return self._text


async def posted(request: web.BaseRequest, *, most_bytes: int) -> list[str]:
    """The encoded packets that were posted.

    Raises `BadRequest` for more than `most_bytes`, for what is compressed or no text, and for what does
    not arrive.
    """
    if "Content-Encoding" in request.headers:
        raise BadRequest("Compressed bodies are not taken.")
    try:
        async with asyncio.timeout(POSTED_WITHIN_S):
            body = await _read(request, most_bytes)
    except _UNREADABLE as error:
        raise BadRequest("The body did not arrive.") from error
    try:
        return body.decode().split(SEPARATOR)
    except UnicodeDecodeError as error:
        raise BadRequest("The body must be text in UTF-8.") from error


async def _read(request: web.BaseRequest, most_bytes: int) -> bytearray:
    body = bytearray()
    while block := await request.content.read(most_bytes + 1 - len(body)):
        body += block
        if len(body) > most_bytes:
            raise BadRequest(f"A request may have {most_bytes} bytes at most.")
    return body
