"""A backend that speaks one wire format over HTTP: asks, reads, and gives a whole answer on in pieces."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Final

import msgspec
import structlog

from agents.backends.dialect import Call, Dialect, Reading
from agents.backends.paced import paced
from agents.backends.protocol import ChatRequest, Delta
from agents.backends.tally import Tally
from agents.backends.transport.address import basic_authorization, checked_key, server_url, under
from agents.backends.transport.answer import Answer
from agents.backends.transport.exchange import JSON, Exchange, Question, StreamRefused
from agents.backends.transport.redaction import Redaction
from agents.backends.transport.transport_errors import TRANSPORT_ERRORS
from agents.errors import BackendProtocolError, BackendRejected

SILENCE_TIMEOUT_S: Final = 60.0
"""The longest silence between two reads; a model may think for a while before its first word."""
WHOLE_TIMEOUT_S: Final = 600.0
"""A whole answer comes after as long as all of it takes."""
_REMEMBERED: Final = 100

_log = structlog.get_logger("backend")


class HTTPBackend:
    """A server at `base_url` (with its `/v1`, say) that speaks `dialect`.

    `streams`: False asks for whole answers. Raises `InvalidBackend` for what cannot work.
    """

    def __init__(  # noqa: PLR0913  each is a line of the configuration
        self,
        dialect: Dialect,
        base_url: str,
        *,
        name: str,
        model: str,
        models: Sequence[str] = (),
        api_key: str | None = None,
        silence_timeout_s: float = SILENCE_TIMEOUT_S,
        streams: bool = True,
    ) -> None:
        self.name = name
        self.kind = dialect.kind
        self.models = (model, *(other for other in models if other != model))
        named = server_url(name, base_url)
        self._url = named.with_user(None)
        self._host = self._url.host or ""
        self.description = f"{dialect.label} at {self._host}"
        self._dialect = dialect
        self._key = checked_key(name, api_key)
        self._headers = {**dialect.headers(self._key), **basic_authorization(named), "User-Agent": "jobcast"}
        self._streams = streams
        self._whole_only: set[str] = set()
        self._exchange = Exchange(name, self._url, silence_timeout_s=silence_timeout_s)
        self._whole_timeout_s = max(silence_timeout_s, WHOLE_TIMEOUT_S)

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        """See `Backend`. Raises every kind of `BackendError`."""
        tally = Tally(request)
        async with aclosing(self._answered(request)) as batches:
            async for batch in batches:
                for delta in batch:
                    yield tally.take(delta)

    async def aclose(self) -> None:
        await self._exchange.aclose()

    async def _answered(self, request: ChatRequest) -> AsyncGenerator[Sequence[Delta], None]:
        """The deltas that one read brought, again and again."""
        model = request.model or self.models[0]
        if self._streams and model not in self._whole_only:
            try:
                async with aclosing(self._streamed(request, model)) as batches:
                    async for batch in batches:
                        yield batch
                return
            except StreamRefused:
                self._remember(model)
        async with aclosing(paced(await self._whole(request, model))) as batches:
            async for batch in batches:
                yield batch

    async def _streamed(self, request: ChatRequest, model: str) -> AsyncGenerator[Sequence[Delta], None]:
        question = self._question(request, Call(model, self._host))
        async with self._exchange.ask(question) as answer:
            if answer.media_type == JSON:
                deltas = await self._instead(answer, question)
            else:
                reading = self._dialect.reading(question.redaction)
                async with aclosing(self._read(answer, reading)) as batches:
                    async for batch in batches:
                        yield batch
                return
        async with aclosing(paced(deltas)) as batches:
            async for batch in batches:
                yield batch

    async def _read(self, answer: Answer, reading: Reading) -> AsyncGenerator[Sequence[Delta], None]:
        try:
            while not reading.done and (data := await self._more(answer, reading)):
                if batch := reading.feed(data):
                    yield batch
            yield (reading.finish(),)
        finally:
            if reading.skipped:
                _log.warning("lines_skipped", backend=self.name, lines=reading.skipped)

    async def _more(self, answer: Answer, reading: Reading) -> bytes:
        """What comes next; empty at the end."""
        try:
            return await answer.read()
        except TRANSPORT_ERRORS as error:
            # After its finish reason only the counts can be missing: the answer is whole.
            if not reading.complete:
                raise self._exchange.broken(error, answer) from error
            return b""

    async def _whole(self, request: ChatRequest, model: str) -> list[Delta]:
        question = self._question(request, Call(model, self._host, stream=False))
        try:
            async with self._exchange.ask(question, silence_timeout_s=self._whole_timeout_s) as answer:
                return self._dialect.whole(await self._body(answer), question.redaction)
        except StreamRefused:
            raise BackendRejected(f"{self.name} refuses to stream, though it was not asked to.") from None

    async def _instead(self, answer: Answer, question: Question) -> list[Delta]:
        """A whole answer, from a server that was asked for a stream. Raises the error that it tells of."""
        body = await self._body(answer)
        try:
            return self._dialect.whole(body, question.redaction)
        except BackendProtocolError:
            raise self._exchange.misfit(answer, body, question) from None

    async def _body(self, answer: Answer) -> bytes:
        try:
            return await self._exchange.whole(answer)
        except TRANSPORT_ERRORS as error:
            raise self._exchange.broken(error, answer) from error

    def _question(self, request: ChatRequest, call: Call) -> Question:
        accepts = self._dialect.media_types if call.stream else (JSON,)
        return Question(
            url=under(self._url, self._dialect.path),
            body=_encoded(self._dialect, request, call),
            headers={**self._headers, "Accept": accepts[0]},
            accepts=accepts,
            redaction=Redaction(self._key, _prompts(request)),
        )

    def _remember(self, model: str) -> None:
        # A model's name comes from a user: there may be any number of them.
        if len(self._whole_only) < _REMEMBERED:
            self._whole_only.add(model)


def _encoded(dialect: Dialect, request: ChatRequest, call: Call) -> bytes:
    try:
        return msgspec.json.encode(dialect.body(request, call))
    except UnicodeEncodeError:
        raise BackendRejected("The request is not Unicode text: it has half of a surrogate pair.") from None


def _prompts(request: ChatRequest) -> list[str]:
    said = [message.content for message in request.messages]
    return said + [call.arguments for message in request.messages for call in message.tool_calls]
