"""Chat completions of OpenAI and of every server that speaks like it, streamed over httpx.

It never retries, and never follows a redirect: a key goes to the configured server only.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Final

import httpx

from agents.backends.address import checked_key, completions_url, is_loopback
from agents.backends.chat_stream import ChatStream
from agents.backends.openai_errors import kind_of_status, status_line, words_of_body
from agents.backends.openai_request import encoded
from agents.backends.protocol import ChatRequest, Delta
from agents.backends.redaction import Redaction
from agents.backends.retry_after import retry_after_s
from agents.backends.sse import SSEParser
from agents.backends.transport_errors import CONNECT_TIMEOUT_S, interrupted, unreachable
from agents.errors import BackendError, BackendProtocolError, InvalidBackend

SILENCE_TIMEOUT_S: Final = 60.0
"""The longest silence between two reads; a model may think for a while before its first word."""
REFUSAL_LIMIT_BYTES: Final = 64 * 1024
REFUSAL_TIMEOUT_S: Final = 5.0
"""So long we wait for the words of a refusal; the status alone says enough."""
_LIMITS: Final = httpx.Limits(max_connections=512, max_keepalive_connections=32, keepalive_expiry=15)
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
        self._url = completions_url(name, base_url)
        self.description = f"OpenAI-compatible server at {self._url.host}"
        self._key = checked_key(name, api_key)
        self._silence_timeout_s = silence_timeout_s
        self._client: httpx.AsyncClient | None = None

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        """See `Backend`. Raises every kind of `BackendError`."""
        redaction = Redaction(self._key, (message.content for message in request.messages))
        parser, chat = SSEParser(), ChatStream(redaction)
        async with self._response(request) as response:
            await self._check(response, redaction)
            try:
                async for data in response.aiter_bytes():
                    for event in parser.feed(data):
                        for delta in chat.feed(event):
                            yield delta
                    if chat.done:
                        break
            except httpx.HTTPError as error:
                # After a finish reason only the usage can be missing: the answer is whole.
                if not chat.complete:
                    raise interrupted(self.name, error, self._silence_timeout_s) from error
        yield chat.finish()

    async def aclose(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    @asynccontextmanager
    async def _response(self, request: ChatRequest) -> AsyncIterator[httpx.Response]:
        """The open response, closed at the end whatever happens."""
        body = encoded(request, self.models[0], host=self._url.host)
        client = self._open_client()
        try:
            asked = client.build_request("POST", self._url, content=body, headers=self._headers())
            response = await client.send(asked, stream=True)
        except httpx.HTTPError as error:
            raise unreachable(self.name, error, self._silence_timeout_s) from error
        try:
            yield response
        finally:
            await response.aclose()

    def _open_client(self) -> httpx.AsyncClient:
        # Made at the first request: a worker that only announces its backends needs no connection.
        if self._client is None:
            timeout = httpx.Timeout(
                self._silence_timeout_s, connect=CONNECT_TIMEOUT_S, pool=CONNECT_TIMEOUT_S
            )
            self._client = _client(timeout, self._url.host)
        return self._client

    def _headers(self) -> dict[str, str]:
        headers = {
            "Accept": "text/event-stream",
            "Accept-Encoding": "identity",
            "Content-Type": "application/json",
            "User-Agent": "jobcast",
        }
        return headers | ({"Authorization": f"Bearer {self._key}"} if self._key else {})

    async def _check(self, response: httpx.Response, redaction: Redaction) -> None:
        """Raises what a response says that is no stream of events."""
        if response.is_redirect:
            raise BackendProtocolError(
                f"{self.name} answered with a redirect ({response.status_code}), which is not followed: "
                "is the base URL right?"
            )
        if "," in response.headers.get("content-encoding", ""):
            # Each layer would be unpacked before its size could be looked at.
            raise BackendProtocolError(f"{self.name} answered with more than one layer of compression.")
        content_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if response.is_success and content_type in _STREAMS:
            return
        words = redaction.apply(words_of_body(await _refusal(response)))
        if not response.is_success:
            raise self._refused(response, words)
        said = f": {words}" if words else "."
        raise BackendProtocolError(
            f"{self.name} answered with {content_type[:60]}, not with a stream of events{said}"
        )

    def _refused(self, response: httpx.Response, words: str) -> BackendError:
        said = f": {words}" if words else "."
        return kind_of_status(response.status_code)(
            f"{self.name} answered {status_line(response.status_code)}{said}",
            retry_after_s=retry_after_s(response.headers, datetime.now(UTC)),
        )


def _client(timeout: httpx.Timeout, host: str) -> httpx.AsyncClient:
    # A proxy of the environment is for the world outside, not for a model on this machine.
    trust_env = not is_loopback(host)
    try:
        return httpx.AsyncClient(timeout=timeout, limits=_LIMITS, follow_redirects=False, trust_env=trust_env)
    except (ValueError, ImportError) as error:
        raise InvalidBackend("The proxy that the environment names cannot be used.") from error


async def _refusal(response: httpx.Response) -> bytes:
    """The beginning of a refusal's body, as far as it comes."""
    body = b""
    with suppress(httpx.HTTPError, TimeoutError):
        async with asyncio.timeout(REFUSAL_TIMEOUT_S):
            async for data in response.aiter_bytes():
                body += data
                if len(body) >= REFUSAL_LIMIT_BYTES:
                    break
    return body[:REFUSAL_LIMIT_BYTES]
