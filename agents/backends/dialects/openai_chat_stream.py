"""Decides what the events of a streamed chat completion mean. Pure: server-sent events in, deltas out."""

from typing import Any, Final

import msgspec

from agents.backends.dialects.reading import count, decoded, incomplete, loose, refuse
from agents.backends.protocol import Delta, Finished, ReasoningDelta, TextDelta, ToolCallDelta
from agents.backends.transport.redaction import Redaction
from agents.backends.transport.sse import SSEEvent
from shared_events.events import Usage

_REASONS: Final = {"function_call": "tool_calls"}


class _Function(msgspec.Struct, frozen=True, gc=False):
    name: str | None = None
    arguments: str | None = None


class _Call(msgspec.Struct, frozen=True, gc=False):
    index: int | None = None
    """A whole answer leaves it out: there the place in the list tells."""
    id: str | None = None
    function: _Function | None = None


class Said(msgspec.Struct, frozen=True, gc=False):
    """A `delta` of a streamed choice, or the `message` of a whole one."""

    content: str | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    """OpenAI shows no reasoning; compatible servers use one name or the other."""
    tool_calls: list[_Call] | None = None


class _Choice(msgspec.Struct, frozen=True, gc=False):
    index: int = 0
    delta: Said | None = None
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

    def feed(self, event: SSEEvent) -> list[Delta]:
        """What `event` brings. Raises the error that it tells of, or `BackendProtocolError`."""
        data = event.data.strip()
        if self.done or not data:
            return []
        self._events += 1
        if data == b"[DONE]":
            self.done = True
            return []
        if event.event == "error":
            refuse(loose(data), self._redaction)
        chunk = decoded(_decoder, data, f"Event {self._events} of the answer")
        if chunk.error:
            refuse(chunk.error, self._redaction)
        return self._read(chunk)

    def finish(self) -> Finished:
        """How the answer ended. Raises `BackendIncomplete` if it did not."""
        if not self.complete:
            raise incomplete(self._events)
        return Finished(normal(self._reason), self._usage)

    def _read(self, chunk: _Chunk) -> list[Delta]:
        if chunk.usage is not None:
            self._usage = usage(chunk.usage) or self._usage
        deltas: list[Delta] = []
        for choice in chunk.choices or ():
            if choice.index == 0:
                self._reason = choice.finish_reason or self._reason
                if choice.delta is not None:
                    deltas += said(choice.delta)
        return deltas


def said(delta: Said) -> list[Delta]:
    """Its pieces in the order in which a model makes them."""
    if delta.content and delta.tool_calls is None and not (delta.reasoning_content or delta.reasoning):
        return [TextDelta(delta.content)]
    deltas: list[Delta] = []
    if thought := delta.reasoning_content or delta.reasoning:
        deltas.append(ReasoningDelta(thought))
    deltas += [TextDelta(text) for text in (delta.content, delta.refusal) if text]
    for place, call in enumerate(delta.tool_calls or ()):
        function = call.function or _Function()
        index = place if call.index is None else call.index
        deltas.append(ToolCallDelta(index, call.id, function.name, function.arguments or ""))
    return deltas


def normal(reason: str | None) -> str:
    """A finish reason under the name that all backends give it; none is a good end."""
    return _REASONS.get(reason, reason) if reason else "stop"


def usage(reported: Any) -> Usage | None:
    """The counts that a provider reported; None if there are none in it."""
    if not isinstance(reported, dict):
        return None
    counted = Usage(
        input_tokens=count(reported.get("prompt_tokens")),
        output_tokens=count(reported.get("completion_tokens")),
    )
    return None if counted == Usage() else counted
