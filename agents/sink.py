"""Where an agent's output goes: the port that the worker's writer implements."""

from typing import Any, Protocol

from shared_events.events import ChunkMetadata


class EventSink(Protocol):
    """Publishes in the order of the calls. A call may wait when what it writes to is behind."""

    async def chunk(self, text: str, metadata: ChunkMetadata | None) -> None:
        """`text` is never empty and well-formed Unicode."""
        ...

    async def rewind(self, kept: str) -> None:
        """Take back what was published behind `kept`, the beginning of the attempt's text."""
        ...

    async def progress(self, percent: float, step: str | None, metadata: dict[str, Any] | None) -> None:
        """`percent` is from 0 to 100."""
        ...

    async def gate(self) -> None:
        """Returns when the job may go on; waits while it is paused."""
        ...
