"""Where an attempt's output goes: past the gate and the replay, to the writer."""

from typing import Any

from shared_events.events import ChunkMetadata, ModelRewind
from shared_events.fold import utf16_length
from workers.pausing import Pause
from workers.replay import Replay
from workers.writer import Writer


class AttemptSink:
    """Implements `agents.EventSink`. The owner calls `finish` after an agent that came to a good end."""

    def __init__(self, writer: Writer, pause: Pause, replay: Replay) -> None:
        self._writer = writer
        self._pause = pause
        self._replay = replay

    async def gate(self) -> None:
        await self._pause.gate()

    async def chunk(self, text: str, metadata: ChunkMetadata | None) -> None:
        if self._pause.paused:
            await self._pause.gate()
        fresh = self._replay.feed(text)
        await self._rewind(fresh.rewind)
        if fresh.text:
            await self._writer.chunk(fresh.text, metadata)

    async def rewind(self, kept: str) -> None:
        await self._pause.gate()
        if self._replay.rewind(len(kept)):
            await self._put_rewind(utf16_length(kept), "agent")

    async def progress(self, percent: float, step: str | None, metadata: dict[str, Any] | None) -> None:
        await self._pause.gate()
        await self._writer.progress(percent, step, metadata)

    async def finish(self) -> None:
        """Take back what an earlier attempt said and this one did not."""
        await self._rewind(self._replay.finish())

    async def _rewind(self, length: int | None) -> None:
        if length is not None:
            await self._put_rewind(length, "retry")

    async def _put_rewind(self, length: int, reason: str) -> None:
        await self._writer.put(ModelRewind, length=length, attempt=self._writer.view.attempt, reason=reason)
