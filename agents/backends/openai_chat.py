"""Chat completions of OpenAI and of every server that speaks like it, streamed over aiohttp.

It never retries, and never follows a redirect: a key goes to the configured server only.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Final

import aiohttp

from agents.backends.address import authorization, checked_key, completions_url
from agents.backends.answer import Answer
from agents.backends.chat_stream import ChatStream
from agents.backends.openai_errors import kind_of_status, status_line, words_of_body
from agents.backends.openai_request import encoded
from agents.backends.protocol import ChatRequest, Delta
from agents.backends.redaction import Redaction
from agents.backends.retry_after import retry_after_s
from agents.backends.session import open_session
from agents.backends.sse import SSEParser
from agents.backends.transport_errors import CONNECT_TIMEOUT_S, TRANSPORT_ERRORS, interrupted, unreachable
from agents.errors import BackendError, BackendProtocolError
from agents.surrogates import well_formed

SILENCE_TIMEOUT_S: Final = 60.0
"""The longest silence between two reads; a model may think for a while before its first word."""
REFUSAL_LIMIT_BYTES: Final = 64 * 1024
REFUSAL_TIMEOUT_S: Final = 5.0
"""So long we wait for the words of a refusal; the status alone says enough."""
_STREAMS: Final = frozenset({"text/event-stream", "text/plain", "application/octet-stream", ""})
"""Content types under which compatible servers send their events."""


class OpenAIChat:
    """A backend at `base_url` (with its `/v1`, say). Raises `InvalidBackend` for what cannot work."""

    kind = "openai-chat"

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str | None = None,
        model: str,
        name: str = "openai",
        silence_timeout_s: float = SILENCE_TIMEOUT_S,
    ) -> None:
        self.name = name
        self.models = (model,)
        url = completions_url(name, base_url)
        self._url = url.with_user(None)
        self._host = self._url.host or ""
        self.description = f"OpenAI-compatible server at {self._host}"
        self._key = checked_key(name, api_key)
        self._authorization = authorization(url, self._key)
        self._silence_timeout_s = silence_timeout_s
        self._session: aiohttp.ClientSession | None = None

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        """See `Backend`. Raises every kind of `BackendError`."""
        redaction = Redaction(self._key, (message.content for message in request.messages))
        parser, chat = SSEParser(), ChatStream(redaction)
        async with self._answer(request) as answer:
            await self._check(answer, redaction)
            try:
                while not chat.done and (data := await answer.read()):
                    for event in parser.feed(data):
                        for delta in chat.feed(event):
                            yield delta
            except TRANSPORT_ERRORS as error:
                # After a finish reason only the usage can be missing: the answer is whole.
                if not chat.complete:
                    raise interrupted(self.name, error, self._silence_timeout_s) from error
        yield chat.finish()

    async def aclose(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    @asynccontextmanager
    async def _answer(self, request: ChatRequest) -> AsyncIterator[Answer]:
        """The answer that has begun, closed at the end whatever happens."""
        body = encoded(request, self.models[0], host=self._host)
        answer = Answer(await self._response(body), silence_timeout_s=self._silence_timeout_s)
        try:
            yield answer
        finally:
            answer.close()

    async def _response(self, body: bytes) -> aiohttp.ClientResponse:
        session = self._open_session()
        try:
            # aiohttp limits how long connecting and the silence after the request last, but not the sending.
            async with asyncio.timeout(CONNECT_TIMEOUT_S + 2 * self._silence_timeout_s):
                return await session.post(
                    self._url, data=body, headers=self._headers(), allow_redirects=False
                )
        except TRANSPORT_ERRORS as error:
            raise unreachable(self.name, error, self._silence_timeout_s) from error

    def _open_session(self) -> aiohttp.ClientSession:
        # Made at the first request: a worker that only announces its backends needs no connection.
        if self._session is None:
            self._session = open_session(self._url, silence_timeout_s=self._silence_timeout_s)
        return self._session

    def _headers(self) -> dict[str, str]:
        headers = {
            "Accept": "text/event-stream",
            "Accept-Encoding": "identity",
            "Content-Type": "application/json",
            "User-Agent": "jobcast",
        }
        return headers | ({"Authorization": self._authorization} if self._authorization else {})

    async def _check(self, answer: Answer, redaction: Redaction) -> None:
        """Raises what an answer says that is no stream of events."""
        if 300 <= answer.status < 400:
            raise BackendProtocolError(
                f"{self.name} answered with a redirect ({answer.status}), which is not followed: "
                "is the base URL right?"
            )
        if "," in ",".join(answer.headers.getall("content-encoding", [])):
            # Each layer would be unpacked before its size could be looked at.
            raise BackendProtocolError(f"{self.name} answered with more than one layer of compression.")
        content_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        accepted = 200 <= answer.status < 300
        if accepted and content_type in _STREAMS:
            return
        words = redaction.apply(words_of_body(await _refusal(answer)))
        if not accepted:
            raise self._refused(answer, words)
        said = f": {words}" if words else "."
        raise BackendProtocolError(
            f"{self.name} answered with {well_formed(content_type[:60])}, not with a stream of events{said}"
        )

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
