"""What an agent that is a plain `def` works with: as `JobContext`, but each call waits until it is done."""

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Generic, TypeVar, Unpack

from agents.asking.question import Asking, Messages
from agents.asking.reply import Reply
from agents.context import JobContext
from agents.handover import Handover
from shared_events.events import Usage

if TYPE_CHECKING:
    from agents.parts import Part
    from agents.registry import Agent

InputT = TypeVar("InputT")


class SyncJobContext(Generic[InputT]):
    """One attempt at a job, for an agent in a thread of its own; threads that it starts may share it.

    Once the job is cancelled, everything that publishes, asks or checks raises `JobStopped`.
    """

    def __init__(self, context: JobContext[InputT], handover: Handover) -> None:
        self.job_id = context.job_id
        self.input = context.input
        self.attempt = context.attempt
        self.partial = context.partial
        self.deadline = context.deadline
        self._context = context
        self._handover = handover

    @property
    def text(self) -> str:
        """As `JobContext.text`."""
        return self._context.text

    @property
    def usage(self) -> Usage | None:
        """What `stream` used so far."""
        return self._context.usage

    def on_chunk(self, text: str, *, step: str | None = None, model: str | None = None) -> None:
        """As `JobContext.on_chunk`."""
        self._handover.call(lambda: self._context.on_chunk(text, step=step, model=model))

    def progress(
        self, percent: float, step: str | None = None, metadata: dict[str, Any] | None = None
    ) -> None:
        """As `JobContext.progress`."""
        self._handover.call(lambda: self._context.progress(percent, step, metadata))

    def check(self) -> None:
        """As `JobContext.check`; call it now and then in work that publishes nothing."""
        self._handover.call(self._context.check)

    def pause_point(self) -> None:
        """As `JobContext.pause_point`."""
        self._handover.call(self._context.pause_point)

    def rewind(self, length: int) -> None:
        """As `JobContext.rewind`."""
        self._handover.call(lambda: self._context.rewind(length))

    def stream(
        self, messages: Messages, *, publish: bool = True, **asking: Unpack[Asking]
    ) -> Generator[str, None, None]:
        """As `JobContext.stream`, for a plain `for`. Leaving the loop or closing it ends the request."""
        return self._handover.iterate(self._context.stream(messages, publish=publish, **asking))

    def ask(self, messages: Messages, *, publish: bool = False, **asking: Unpack[Asking]) -> Reply:
        """As `JobContext.ask`."""
        return self._handover.call(lambda: self._context.ask(messages, publish=publish, **asking))

    def spawn(
        self,
        agent: "Agent",
        input: Any = None,  # noqa: A002  the word of the API
        *,
        step: str | None = None,
        publish: bool = True,
        progress: tuple[float, float] | None = None,
    ) -> "Part":
        """As `JobContext.spawn`; several at once from threads of one's own."""
        return self._handover.call(
            lambda: self._context.spawn(agent, input, step=step, publish=publish, progress=progress)
        )
