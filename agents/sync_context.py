"""What an agent that is a plain `def` works with: as `JobContext`, but each call waits until it is done."""

from collections.abc import Generator
from typing import Any, Generic, TypeVar

from agents.chat_request import Messages
from agents.context import JobContext
from agents.handover import Handover
from shared_events.events import Usage

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

    def stream(
        self,
        messages: Messages,
        *,
        model: str | None = None,
        step: str | None = None,
        max_tokens: int | None = None,
        temperature: float | None = None,
    ) -> Generator[str, None, None]:
        """As `JobContext.stream`, for a plain `for`. Leaving the loop or closing it ends the request."""
        pieces = self._context.stream(
            messages, model=model, step=step, max_tokens=max_tokens, temperature=temperature
        )
        return self._handover.iterate(pieces)
