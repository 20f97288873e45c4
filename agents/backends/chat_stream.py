"""Decides what the events of a streamed chat completion mean. Pure: server-sent events in, deltas out."""

import json
from typing import Any, Final, NoReturn

import msgspec

from agents.backends.openai_errors import kind_of_error, words_of_error
from agents.backends.protocol import Finished, TextDelta
from agents.backends.redaction import Redaction
from agents.backends.sse import SSEEvent
from agents.errors import BackendIncomplete, BackendProtocolError
from shared_events.events import Usage


class _Delta(msgspec.Struct, frozen=True, gc=False):
    content: str | None = None
    refusal: str | None = None


class _Choice(msgspec.Struct, frozen=True, gc=False):
    index: int = 0
    delta: _Delta | None = None
    finish_reason: str | None = None


class _Chunk(msgspec.Struct, frozen=True, gc=False):
    """What we read of a `chat.completion.chunk`; everything else in it is passed over."""

    choices: list[_Choice] | None = None
    usage: Any = None
    error: Any = None


_decoder: Final = msgspec.json.Decoder(_Chunk)


class ChatStream:
    """`feed` it each event; at the end of the stream `finish` says whether the answer is complete."""

    def __init__(self, redaction: Redaction) -> None:
        self._redaction = redaction
        self._reason: str | None = None
        self._usage: Usage | None = None
        self._events = 0
        self.done = False
        """`[DONE]` was said: nothing follows."""

    @property
    def complete(self) -> bool:
        """Whether the stream may end here: it said `[DONE]` or gave a finish reason."""
        return self.done or self._reason is not None

    def feed(self, event: SSEEvent) -> list[TextDelta]:
        """The text that `event` brings. Raises the error that it tells of, or `BackendProtocolError`."""
        data = event.data.strip()
        if self.done or not data:
            return []
        self._events += 1
        if data == b"[DONE]":
            self.done = True
            return []
        if event.event == "error":
            self._refuse(_loose(data.decode()))
        chunk = self._decode(data)
        if chunk.error:
            self._refuse(chunk.error)
        return self._read(chunk)

    def finish(self) -> Finished:
        """How the answer ended. Raises `BackendIncomplete` if it did not."""
        if not self.complete:
            seen = f"after {self._events} events, without its end marker" if self._events else "with nothing"
            raise BackendIncomplete(f"The answer ended {seen}.")
        return Finished(self._reason or "stop", self._usage)

    def _decode(self, data: bytes) -> _Chunk:
        try:
            return _decoder.decode(data)
        except msgspec.ValidationError as error:
            reason = str(error)
        except (msgspec.DecodeError, RecursionError):
            # Half a surrogate pair, escaped: providers that count UTF-16 units send it, msgspec refuses it.
            try:
                return msgspec.convert(json.loads(data.decode(), parse_constant=_refuse_constant), _Chunk)
            except (ValueError, RecursionError, msgspec.ValidationError) as error:
                reason = _safe(error)
        raise BackendProtocolError(f"Event {self._events} of the answer cannot be read: {reason}.")

    def _read(self, chunk: _Chunk) -> list[TextDelta]:
        if chunk.usage is not None:
            self._usage = _usage(chunk.usage) or self._usage
        deltas: list[TextDelta] = []
        for choice in chunk.choices or ():
            if choice.index == 0:
                self._reason = choice.finish_reason or self._reason
                if choice.delta is not None:
                    deltas += _texts(choice.delta)
        return deltas

    def _refuse(self, error: object) -> NoReturn:
        words = self._redaction.apply(words_of_error(error)) or "no reason given"
        raise kind_of_error(error)(f"The answer broke off with an error of the provider: {words}")


def _texts(delta: _Delta) -> list[TextDelta]:
    return [TextDelta(text) for text in (delta.content, delta.refusal) if text]


def _loose(data: str) -> object:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return data


def _safe(error: Exception) -> str:
    """Why, without what: a parser's own words may quote the line."""
    if isinstance(error, json.JSONDecodeError):
        return f"it is not JSON ({error.msg} at character {error.pos})"
    return str(error) if isinstance(error, msgspec.ValidationError) else "it is not JSON"


def _refuse_constant(_: str) -> NoReturn:
    raise ValueError


def _usage(reported: Any) -> Usage | None:
    if not isinstance(reported, dict):
        return None
    usage = Usage(
        input_tokens=_count(reported.get("prompt_tokens")),
        output_tokens=_count(reported.get("completion_tokens")),
    )
    return None if usage == Usage() else usage


def _count(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value < 2**53 else None
