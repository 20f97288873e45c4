"""What tells one provider's wire format from another's. Pure: `HTTPBackend` does the rest."""

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from agents.backends.protocol import ChatRequest, Delta, Finished
from agents.backends.transport.redaction import Redaction


class Call(msgspec.Struct, frozen=True):
    """How a request is made: of which `model`, of which `host`; for a stream of events or a whole answer."""

    model: str
    host: str
    stream: bool = True


class Reading(Protocol):
    """Reads one answer as it comes.

    An error that it tells of, or a `BackendProtocolError`, is raised by `feed`; or by `finish`, after `done`,
    where the same read brought deltas ahead of it.
    """

    @property
    def done(self) -> bool:
        """Its end marker was said, or it is broken: nothing follows, and nothing need be waited for."""
        ...

    @property
    def complete(self) -> bool:
        """Whether the answer may end here: all of it has come, but perhaps its counts."""
        ...

    @property
    def skipped(self) -> int:
        """How many malformed parts were passed over, by a dialect that does so."""
        ...

    def feed(self, data: bytes) -> list[Delta]:
        """What `data` brings: one network read, cut anywhere."""
        ...

    def finish(self) -> Finished:
        """How the answer ended, at the end of the stream. Raises `BackendIncomplete` if it did not."""
        ...


class Dialect(Protocol):
    """One wire format. It keeps nothing: one object serves all requests."""

    @property
    def kind(self) -> str:
        """As the configuration says it."""
        ...

    @property
    def label(self) -> str:
        """What a server of it is called: `OpenAI-compatible server`."""
        ...

    @property
    def media_types(self) -> tuple[str, ...]:
        """The content types of a stream, in lower case: the first is asked for, all are taken.

        The empty one is for servers that leave it out.
        """
        ...

    @property
    def path(self) -> str:
        """Where requests go, behind the base URL: `/chat/completions`."""
        ...

    def headers(self, key: str | None) -> Mapping[str, str]:
        """How `key` is shown, and whatever else a request needs."""
        ...

    def body(self, request: ChatRequest, call: Call) -> Mapping[str, Any]:
        """What is sent, for msgspec to encode."""
        ...

    def reading(self, redaction: Redaction) -> Reading:
        """For one streamed answer."""
        ...

    def whole(self, body: bytes, redaction: Redaction) -> list[Delta]:
        """A whole answer: its deltas, the last of which is `Finished`. Raises as `Reading.feed` does."""
        ...
