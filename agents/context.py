"""What an agent works with: its input, and the ways to publish what it makes."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, Unpack

import structlog

from agents.asking.answering import Answering
from agents.asking.question import Asking, Messages, question
from agents.asking.reply import Reply
from agents.backends.protocol import Backend, TextDelta
from agents.pace import Pace
from agents.sink import EventSink
from agents.surrogates import SurrogateJoiner, well_formed
from agents.usage import added
from shared_events.contract import JobRequest
from shared_events.events import ChunkMetadata, Usage

if TYPE_CHECKING:
    from agents.parts import Part
    from agents.registry import Agent

_log = structlog.get_logger("agent")

InputT = TypeVar("InputT")
_NO_METADATA: Final = ChunkMetadata()


class JobContext(Generic[InputT]):
    """One attempt at a job, as its agent sees it. Its owner must call `finish` after the agent.

    `input` is of the agent's input type, `attempt` counts from 1, `usage` adds up what was asked of models.
    `partial` is the text that earlier attempts left; where the job `continues`, `text` begins with it.
    `deadline`: when the attempt ends at the latest, in UTC; None where nothing ends it.
    """

    def __init__(  # noqa: PLR0913  the words of the API
        self,
        *,
        request: JobRequest,
        input: InputT,  # noqa: A002  the word of the API
        attempt: int,
        sink: EventSink,
        backends: Mapping[str, Backend],
        preferred: Sequence[str] = (),
        partial: str = "",
        continues: bool = False,
        deadline: datetime | None = None,
        clock: Callable[[], float] = time.monotonic,
        depth: int = 0,
    ) -> None:
        self.job_id = request.job_id
        self.request = request
        self.input = input
        self.attempt = attempt
        self.partial = partial
        self.deadline = deadline
        self.usage: Usage | None = None
        self.model: str | None = None
        """The model that answered last, or answers now; for those who publish its words themselves."""
        self.backends = backends
        self.depth = depth
        """0, and for a part of another agent's job one more than that."""
        self._preferred = preferred
        self._unread = 0
        """So many streams were asked for that nobody has begun to read."""
        self._sink = sink
        self._pace = Pace(clock)
        self._joiner = SurrogateJoiner()
        # UTF-8: a list of pieces takes 60 bytes more for each. The thread of a plain `def` may read it, too.
        self._said = bytearray(partial.encode() if continues else b"")
        # Parts of an agent that publish side by side: what `text` says is what went out, in that order.
        self._turn = asyncio.Lock()

    @property
    def text(self) -> str:
        """All that was published so far; of earlier attempts too where the job continues."""
        return self._said.decode()

    async def on_chunk(self, text: str, *, step: str | None = None, model: str | None = None) -> None:
        """Publish `text`; nothing happens if it is empty. Raises `TypeError`."""
        if not isinstance(text, str):
            raise TypeError(f"on_chunk takes a str, not {_kind(text)}.")
        await self._publish(text, _label("step", step), _label("model", model))

    async def rewind(self, length: int) -> None:
        """Take back what was published after the first `length` characters of `text`.

        Raises `TypeError`, and `ValueError` for a length that the text does not have.
        """
        if not isinstance(length, int) or isinstance(length, bool):
            raise TypeError(f"rewind takes a number of characters, not {_kind(length)}.")
        async with self._turn:
            said = self.text
            if not 0 <= length <= len(said):
                raise ValueError(f"rewind takes 0 to {len(said)} characters, not {length}.")
            self._joiner = SurrogateJoiner()
            if length < len(said):
                kept = said[:length]
                del self._said[len(kept.encode()) :]
                await self._sink.rewind(kept)

    async def progress(
        self, percent: float, step: str | None = None, metadata: dict[str, Any] | None = None
    ) -> None:
        """Publish how far the job is, from 0 to 100. Raises `TypeError` and `ValueError`."""
        if isinstance(percent, bool) or not isinstance(percent, int | float):
            raise TypeError(f"progress takes a number from 0 to 100, not {_kind(percent)}.")
        if not 0 <= percent <= 100:
            raise ValueError(f"progress takes a number from 0 to 100, not {percent}.")
        if metadata is not None and not isinstance(metadata, dict):
            raise TypeError(f"progress takes metadata as a dict or None, not {_kind(metadata)}.")
        await self._sink.progress(float(percent), _label("step", step), metadata)

    async def check(self) -> None:
        """For work that publishes nothing for long: ends a cancelled job here, waits while it is paused."""
        # A cancel is delivered only where a task really waits.
        await asyncio.sleep(0)
        await self._sink.gate()

    async def pause_point(self) -> None:
        """Wait here while the job is paused."""
        await self._sink.gate()

    def stream(
        self, messages: Messages, *, publish: bool = True, **asking: Unpack[Asking]
    ) -> AsyncGenerator[str, None]:
        """Ask a model; each piece of its answer is published (unless told not to) and then yielded.

        See `Asking` for how to ask. Raises `ValueError` for what cannot be asked; the iteration raises
        `BackendError`. Nothing is read while the job is paused. Closing the iterator ends the request.
        """
        self._unread += 1
        return self._pieces(self._answering(messages, asking), publish=publish)

    async def ask(self, messages: Messages, *, publish: bool = False, **asking: Unpack[Asking]) -> Reply:
        """The whole answer of a model, published or not. As `stream` otherwise."""
        answering = self._answering(messages, asking)
        self._unread += 1
        async for _ in self._pieces(answering, publish=publish):
            pass
        return answering.reply

    async def spawn(
        self,
        agent: "Agent",
        input: Any = None,  # noqa: A002  the word of the API
        *,
        step: str | None = None,
        publish: bool = True,
        progress: tuple[float, float] | None = None,
    ) -> "Part":
        """Have a part of this job done by another agent; several at once with `asyncio.gather`.

        Its text goes on with the text of this job, labelled with `step` (else with its name), unless
        `publish` is False. Its progress from 0 to 100 is published as the range `progress` of this job's.
        Raises what it raises, and `InvalidInput` (a `ValueError`) for an input that does not fit it.
        """
        from agents.parts import do_part  # noqa: PLC0415  a part is an agent, and an agent takes a context

        return await do_part(self, agent, input, step=step, publish=publish, progress=progress)

    def part(
        self, sink: EventSink, given: Any, *, attempt: int, preferred: Sequence[str]
    ) -> "JobContext[Any]":
        """For an agent that does a part of this job: what it publishes goes to `sink`."""
        return JobContext(
            request=self.request,
            input=given,
            attempt=attempt,
            sink=sink,
            backends=self.backends,
            preferred=preferred or self._preferred,
            deadline=self.deadline,
            depth=self.depth + 1,
        )

    async def finish(self) -> None:
        """Publish what `on_chunk` still holds back: half of a surrogate pair."""
        if self._unread:
            _log.warning("stream_never_read", job=self.job_id, hint="async for _ in job.stream(…): pass")
        async with self._turn:
            await self._put(self._joiner.finish(), None, None)

    def count(self, usage: Usage | None) -> None:
        """Add what a part used."""
        self.usage = added(self.usage, usage)

    def _answering(self, messages: Messages, asking: Asking) -> Answering:
        asked = question(messages, asking)
        return Answering(asked, request=self.request, backends=self.backends, preferred=self._preferred)

    async def _pieces(self, answering: Answering, *, publish: bool) -> AsyncGenerator[str, None]:
        step, joiner = _label("step", answering.step), SurrogateJoiner()
        self._unread -= 1
        async with aclosing(answering.deltas(self._sink)) as deltas:
            async for delta in deltas:
                self.model = answering.model
                if isinstance(delta, TextDelta):
                    piece = (
                        await self._publish(delta.text, step, answering.model)
                        if publish
                        else joiner.feed(delta.text)
                    )
                    if piece:
                        yield piece
        if rest := joiner.finish():
            yield rest
        self.count(answering.reply.usage)

    async def _publish(self, text: str, step: str | None, model: str | None) -> str:
        """What went out: `text`, but for half a surrogate pair at its ends."""
        async with self._turn:
            return await self._put(self._joiner.feed(text), step, model)

    async def _put(self, text: str, step: str | None, model: str | None) -> str:
        if text:
            self._said += text.encode()
            metadata = ChunkMetadata(step=step, model=model, tokens_per_sec=self._pace.tick())
            await self._sink.chunk(text, None if metadata == _NO_METADATA else metadata)
        return text


def _label(name: str, value: str | None) -> str | None:
    if value is not None and not isinstance(value, str):
        raise TypeError(f"{name} must be a str or None, not {_kind(value)}.")
    # A subclass of str could not be encoded.
    return value if value is None else well_formed(str.__str__(value))


def _kind(value: object) -> str:
    return type(value).__name__
