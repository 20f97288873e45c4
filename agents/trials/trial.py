"""What came of a trial: the events that followers would have got, and what they add up to."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias, TypeVar

from agents.backends.protocol import ChatRequest
from shared_events.events import (
    ChunkMetadata,
    ErrorInfo,
    Event,
    JobProgress,
    JobStatus,
    JobStatusChanged,
    ModelChunk,
    Usage,
    now_ms,
)
from shared_events.fold import JobView

EventT = TypeVar("EventT", bound=Event)
OnEvent: TypeAlias = Callable[[Event, JobView], object]
"""Gets each event, and what the job looks like to a follower after it."""


class Progress(NamedTuple):
    """As the agent told it. Equal to a tuple."""

    percent: float
    step: str | None = None
    metadata: dict[str, Any] | None = None


class Trial:
    """`events` in their order; `view` is the job as a follower sees it; `error` what the agent raised.

    `asked`: what the model was asked, for answers that the trial recites.
    """

    def __init__(self, job_id: str, on_event: OnEvent | None = None) -> None:
        self.events: list[Event] = []
        self.view = JobView(job_id)
        self.error: BaseException | None = None
        self.asked: Sequence[ChatRequest] = ()
        self._on_event = on_event

    def record(self, kind: type[Event], **fields: Any) -> None:
        """The next event. After the end nothing is published any more."""
        view = self.view
        event = kind(job_id=view.job_id, sequence=view.sequence + 1, timestamp=now_ms(), **fields)
        if view.ended:
            return
        view.receive(event)
        self.events.append(event)
        if self._on_event is not None:
            self._on_event(event, view)

    @property
    def text(self) -> str:
        """What followers see at the end, without what was taken back."""
        return self.view.text

    @property
    def chunks(self) -> list[str]:
        return [event.chunk for event in self._of(ModelChunk)]

    @property
    def metadata(self) -> list[ChunkMetadata]:
        """Of each chunk: `step`, `model`, `tokens_per_sec`."""
        return [event.metadata or ChunkMetadata() for event in self._of(ModelChunk)]

    @property
    def steps(self) -> list[str]:
        """The steps of chunks and progress, in the order in which each was first told."""
        told = [_step_of(event) for event in self.events]
        return list(dict.fromkeys(step for step in told if step is not None))

    @property
    def progress(self) -> list[Progress]:
        return [Progress(event.progress, event.step, event.metadata) for event in self._of(JobProgress)]

    @property
    def statuses(self) -> list[str]:
        """Every status that the job had, its end included."""
        told = (
            event.status if isinstance(event, JobStatusChanged) else event.status_after
            for event in self.events
        )
        return [str(status) for status in told if status is not None]

    @property
    def status(self) -> JobStatus:
        return self.view.status

    @property
    def attempts(self) -> int:
        """The number of the last attempt."""
        return self.view.attempt

    @property
    def result(self) -> Any:
        """What the agent returned, as the JSON types that users get."""
        return self.view.result

    @property
    def usage(self) -> Usage | None:
        return self.view.usage

    @property
    def told(self) -> ErrorInfo | None:
        """What users are told of the error."""
        return self.view.error

    def _of(self, kind: type[EventT]) -> list[EventT]:
        return [event for event in self.events if isinstance(event, kind)]


def _step_of(event: Event) -> str | None:
    if isinstance(event, ModelChunk):
        return event.metadata.step if event.metadata is not None else None
    return event.step if isinstance(event, JobProgress) else None
