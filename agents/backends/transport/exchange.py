"""One request to a provider and the answer that begins: checked, so that only an answer is read.

It never retries, and never follows a redirect: a key goes to the configured server only.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Final

import aiohttp
import msgspec
from yarl import URL

from agents.backends.transport.answer import Answer
from agents.backends.transport.redaction import Redaction
from agents.backends.transport.refusals import kind_of_status, refuses_streaming, status_line, words_of_body
from agents.backends.transport.retry_after import retry_after_s
from agents.backends.transport.session import open_session
from agents.backends.transport.transport_errors import (
    CONNECT_TIMEOUT_S,
    TRANSPORT_ERRORS,
    interrupted,
    unreachable,
)
from agents.errors import BackendError, BackendProtocolError
from agents.surrogates import well_formed

REFUSAL_LIMIT_BYTES: Final = 64 * 1024
REFUSAL_TIMEOUT_S: Final = 5.0
"""So long we wait for the words of a refusal; the status alone says enough."""
WHOLE_LIMIT_BYTES: Final = 16 * 1024 * 1024
JSON: Final = "application/json"


class StreamRefused(Exception):
    """The server has this answer as a whole only."""


class Question(msgspec.Struct, frozen=True):
    """What is sent, what content types may come back, and what nobody may read of it."""

    url: URL
    body: bytes
    headers: Mapping[str, str]
    accepts: tuple[str, ...]
    redaction: Redaction


class Exchange:
    """The connections to one server. `silence_timeout_s` is the longest silence between two reads."""

    def __init__(self, name: str, url: URL, *, silence_timeout_s: float) -> None:
        self.name = name
        self._url = url
        self._silence_timeout_s = silence_timeout_s
        self._session: aiohttp.ClientSession | None = None

    @asynccontextmanager
    async def ask(
        self, question: Question, *, silence_timeout_s: float | None = None
    ) -> AsyncIterator[Answer]:
        """The answer that has begun, closed at the end whatever happens.

        Raises `StreamRefused`, and every kind of `BackendError`.
        """
        silence_s = silence_timeout_s or self._silence_timeout_s
        response = await self._response(question, silence_s)
        answer = Answer(response, silence_timeout_s=silence_s)
        try:
            await self._check(answer, question)
            yield answer
        finally:
            answer.close()

    def broken(self, error: Exception, answer: Answer) -> BackendError:
        """What `error` means, one of `TRANSPORT_ERRORS` in the middle of `answer`."""
        return interrupted(self.name, error, answer.silence_timeout_s)

    async def whole(self, answer: Answer) -> bytes:
        """All of its body. Raises `BackendProtocolError` if that is more than 16 MiB, `TRANSPORT_ERRORS`."""
        body = bytearray()
        while data := await answer.read():
            body += data
            if len(body) > WHOLE_LIMIT_BYTES:
                raise BackendProtocolError(
                    f"{self.name} gave an answer of more than {WHOLE_LIMIT_BYTES} bytes."
                )
        return bytes(body)

    def misfit(self, answer: Answer, body: bytes, question: Question) -> BackendError:
        """What an accepted request got that is no answer."""
        words = question.redaction.apply(words_of_body(body))
        said = f": {words}" if words else "."
        # As it was sent: in lower case, a key would not be found.
        kind = question.redaction.apply(answer.headers.get("content-type", "").partition(";")[0])[:60]
        wanted = "a whole answer" if question.accepts == (JSON,) else "a stream of events"
        return BackendProtocolError(f"{self.name} answered with {well_formed(kind)}, not with {wanted}{said}")

    async def aclose(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _response(self, question: Question, silence_s: float) -> aiohttp.ClientResponse:
        try:
            # aiohttp limits how long connecting and the silence after the request last, but not the sending.
            async with asyncio.timeout(CONNECT_TIMEOUT_S + 2 * silence_s):
                return await self._open_session().post(
                    question.url,
                    data=question.body,
                    headers=question.headers,
                    allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_TIMEOUT_S, sock_read=silence_s),
                )
        except TRANSPORT_ERRORS as error:
            raise unreachable(self.name, error, silence_s) from error

    def _open_session(self) -> aiohttp.ClientSession:
        # Made at the first request: a worker that only announces its backends needs no connection.
        if self._session is None:
            self._session = open_session(self._url, silence_timeout_s=self._silence_timeout_s)
        return self._session

    async def _check(self, answer: Answer, question: Question) -> None:
        """Raises what an answer says that is none."""
        if 300 <= answer.status < 400:
            raise BackendProtocolError(
                f"{self.name} answered with a redirect ({answer.status}), which is not followed: "
                "is the base URL right?"
            )
        if "," in ",".join(answer.headers.getall("content-encoding", [])):
            # Each layer would be unpacked before its size could be looked at.
            raise BackendProtocolError(f"{self.name} answered with more than one layer of compression.")
        accepted = 200 <= answer.status < 300
        if accepted and (answer.media_type in question.accepts or answer.media_type == JSON):
            return
        body = await _refusal(answer)
        if accepted:
            raise self.misfit(answer, body, question)
        if answer.status == 400 and refuses_streaming(body):
            raise StreamRefused
        raise self._refused(answer, question.redaction.apply(words_of_body(body)))

    def _refused(self, answer: Answer, words: str) -> BackendError:
        said = f": {words}" if words else "."
        return kind_of_status(answer.status)(
            f"{self.name} answered {status_line(answer.status)}{said}",
            retry_after_s=retry_after_s(answer.headers, datetime.now(UTC)),
        )


async def _refusal(answer: Answer) -> bytes:
    """The beginning of a refusal's body, as far as it comes."""
    body = b""
    with suppress(*TRANSPORT_ERRORS):
        async with asyncio.timeout(REFUSAL_TIMEOUT_S):
            while len(body) < REFUSAL_LIMIT_BYTES and (data := await answer.read()):
                body += data
    return body[:REFUSAL_LIMIT_BYTES]
