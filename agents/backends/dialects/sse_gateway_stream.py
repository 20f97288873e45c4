"""Decides what the events of a generic gateway mean. Pure: server-sent events in, deltas out.

Each line of data is JSON with the next text in `content`, `delta` or `text`, or `[DONE]`. What is neither
is passed over and counted.
"""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType

from agents.backends.dialects.reading import SSEReading, count, decoded, incomplete, loose, refuse
from agents.backends.protocol import Delta, Finished, TextDelta
from agents.backends.transport.redaction import Redaction
from agents.backends.transport.sse import SSEEvent
from agents.errors import BackendProtocolError
from shared_events.events import Usage


class _Delta(msgspec.Struct, frozen=True, gc=False):
    content: str | None = None
    text: str | None = None


class Said(msgspec.Struct, frozen=True, gc=False):
    """A line of a streamed answer, or all of a whole one."""

    content: str | UnsetType | None = UNSET
    delta: str | _Delta | UnsetType | None = UNSET
    text: str | UnsetType | None = UNSET
    finish_reason: str | UnsetType | None = UNSET
    usage: Any = UNSET
    error: Any = UNSET

    @property
    def known(self) -> bool:
        """Whether it has any field that we know."""
        return any(getattr(self, name) is not UNSET for name in self.__struct_fields__)

    @property
    def said(self) -> str | None:
        """Its text; None where no field for it is there."""
        nested = (self.delta.content, self.delta.text) if isinstance(self.delta, _Delta) else (self.delta,)
        texts = [text for text in (self.content, *nested, self.text) if isinstance(text, str)]
        return next(filter(None, texts), "") if texts else None


_decoder: Final = msgspec.json.Decoder(Said)


class GatewayStream:
    """`feed` it each event; at the end of the stream `finish` says whether the answer is complete."""

    def __init__(self, redaction: Redaction) -> None:
        self._redaction = redaction
        self._reason: str | None = None
        self._usage: Usage | None = None
        self._taken = 0
        self.skipped = 0
        self.done = False
        """`[DONE]` was said: nothing follows."""

    @property
    def complete(self) -> bool:
        return self.done

    def feed(self, event: SSEEvent) -> list[Delta]:
        """What `event` brings. Raises the error that it tells of."""
        if event.event == "error":
            refuse(loose(event.data), self._redaction)
        texts = [self._take(said) for said in self._lines(event.data)]
        return [TextDelta(text) for text in texts if text]

    def finish(self) -> Finished:
        """How the answer ended. Raises `BackendIncomplete` if it did not, `BackendProtocolError` if it had
        nothing that can be read."""
        if self.skipped and not self._taken:
            raise BackendProtocolError(
                f"None of the {self.skipped} lines of the answer can be read: "
                "a line is JSON with content, delta or text, or [DONE]."
            )
        if not self.done:
            raise incomplete(self._taken)
        return Finished(self._reason or "stop", self._usage)

    def _lines(self, data: bytes) -> Iterator[Said]:
        """Its lines that can be read, up to the end marker; the data of one event may be one object."""
        whole = read(data) if b"\n" in data else None
        if whole is not None:
            yield whole
            return
        for line in filter(None, map(bytes.strip, data.split(b"\n"))):
            if self.done:
                return
            if line == b"[DONE]":
                self.done = True
            elif (said := read(line)) is not None:
                yield said
            else:
                self.skipped += 1

    def _take(self, said: Said) -> str:
        self._taken += 1
        if said.error:
            refuse(said.error, self._redaction)
        self._reason = said.finish_reason or self._reason
        self._usage = usage(said.usage) or self._usage
        return said.said or ""


class GatewayReading(SSEReading):
    """A `Reading` of one streamed answer."""

    def __init__(self, redaction: Redaction) -> None:
        self._stream = GatewayStream(redaction)
        super().__init__(self._stream)

    @property
    def skipped(self) -> int:
        return self._stream.skipped


def read(data: bytes) -> Said | None:
    """What a line says; None if that cannot be read."""
    try:
        said = decoded(_decoder, data, "A line")
    except BackendProtocolError:
        return None
    return said if said.known else None


def usage(reported: object) -> Usage | None:
    """The counts that a gateway reported, under either name; None if there are none in it."""
    if not isinstance(reported, dict):
        return None
    counted = Usage(
        input_tokens=count(reported.get("prompt_tokens", reported.get("input_tokens"))),
        output_tokens=count(reported.get("completion_tokens", reported.get("output_tokens"))),
    )
    return None if counted == Usage() else counted
