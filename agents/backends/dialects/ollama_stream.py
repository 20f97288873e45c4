"""Decides what the lines of an answer of Ollama mean. Pure: lines of JSON in, deltas out."""

import json
from typing import Any, Final

import msgspec

from agents.backends.dialects.reading import PartsReading, count, decoded, incomplete, refuse
from agents.backends.protocol import Delta, Finished, ReasoningDelta, TextDelta, ToolCallDelta
from agents.backends.transport.ndjson import NDJSONParser
from agents.backends.transport.redaction import Redaction
from agents.errors import BackendProtocolError
from shared_events.events import Usage


class _Function(msgspec.Struct, frozen=True, gc=False):
    name: str
    arguments: dict[str, Any] | str | None = None
    """An object; some servers that speak like Ollama give its JSON text."""


class _Call(msgspec.Struct, frozen=True, gc=False):
    function: _Function
    id: str | None = None


class _Said(msgspec.Struct, frozen=True, gc=False):
    content: str | None = None
    thinking: str | None = None
    tool_calls: list[_Call] | None = None


class _Line(msgspec.Struct, frozen=True, gc=False):
    """What we read of a line; everything else in it is passed over."""

    message: _Said | None = None
    done: bool | None = None
    done_reason: str | None = None
    prompt_eval_count: Any = None
    eval_count: Any = None
    error: Any = None


_decoder: Final = msgspec.json.Decoder(_Line)


class OllamaStream:
    """`feed` it each line; at the end of the stream `finish` says whether the answer is complete."""

    def __init__(self, redaction: Redaction) -> None:
        self._redaction = redaction
        self._end: _Line | None = None
        self._lines = 0
        self._calls = 0
        self.done = False
        """A line said `done`: nothing follows."""

    @property
    def complete(self) -> bool:
        return self.done

    def feed(self, data: bytes) -> list[Delta]:
        """What a line brings. Raises the error that it tells of, or `BackendProtocolError`."""
        if self.done:
            return []
        self._lines += 1
        line = decoded(_decoder, data, f"Line {self._lines} of the answer")
        if line.error:
            refuse(line.error, self._redaction)
        if line.done:
            self._end, self.done = line, True
        return self._said(line.message) if line.message is not None else []

    def last(self, data: bytes) -> None:
        """Takes a last line whose end is missing: it counts, if all that it says is how the answer ended."""
        lines = self._lines
        try:
            cut = bool(self.feed(data))
        except BackendProtocolError:
            cut = True
        if cut:
            raise incomplete(lines)

    def finish(self) -> Finished:
        """How the answer ended. Raises `BackendIncomplete` if it did not."""
        if self._end is None:
            raise incomplete(self._lines)
        reason = self._end.done_reason or "stop"
        return Finished("tool_calls" if self._calls and reason == "stop" else reason, _usage(self._end))

    def _said(self, message: _Said) -> list[Delta]:
        deltas: list[Delta] = [ReasoningDelta(message.thinking)] if message.thinking else []
        if message.content:
            deltas.append(TextDelta(message.content))
        for call in message.tool_calls or ():
            deltas.append(self._call(call))
        return deltas

    def _call(self, call: _Call) -> ToolCallDelta:
        """Every call comes whole. Older servers give it neither an id nor an index."""
        index, self._calls = self._calls, self._calls + 1
        return ToolCallDelta(index, call.id or f"call_{index}", call.function.name, _text(call.function))


class OllamaReading(PartsReading[bytes]):
    """A `Reading` of one streamed answer."""

    def __init__(self, redaction: Redaction) -> None:
        self._lines, self._stream = NDJSONParser(), OllamaStream(redaction)
        super().__init__(self._lines, self._stream)

    def finish(self) -> Finished:
        if not self.done and (rest := self._lines.rest()):
            self._stream.last(rest)
        return super().finish()


def _text(function: _Function) -> str:
    arguments = function.arguments
    return arguments if isinstance(arguments, str) else json.dumps(arguments or {}, ensure_ascii=False)


def _usage(end: _Line) -> Usage | None:
    counted = Usage(input_tokens=count(end.prompt_eval_count), output_tokens=count(end.eval_count))
    return None if counted == Usage() else counted
