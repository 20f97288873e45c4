"""Where the output of an agent on trial goes: past a gate that the test may close, into the trial."""

import asyncio
from contextlib import suppress
from typing import Any, Final

import msgspec

from agents.trials.trial import Trial
from shared_events.events import (
    ChunkMetadata,
    JobProgress,
    JobStatus,
    JobStatusChanged,
    ModelChunk,
    ModelRewind,
)
from shared_events.fold import utf16_length
from shared_events.ids import new_epoch

CANCELLED_WITHIN_S: Final = 1.0
"""Something of the agent's that publishes may be shielded from its cancel."""


class Interruptions(msgspec.Struct, frozen=True):
    """After so many chunks: the job is cancelled; it is paused until the agent waits for that to end."""

    cancel_after: int | None = None
    pause_after: int | None = None


class TrialSink:
    """Implements `EventSink` for one attempt. `cancelled` is set when the job was cancelled."""

    def __init__(self, trial: Trial, attempt: int, interruptions: Interruptions) -> None:
        self.cancelled = asyncio.Event()
        self._trial = trial
        self._attempt = attempt
        self._interruptions = interruptions
        self._epoch = new_epoch()
        self._chunks = 0
        self._paused = False

    def begin(self) -> None:
        """Before everything else."""
        self.say(JobStatus.RUNNING)
        self._interrupt()

    def say(self, status: JobStatus, reason: str | None = None) -> None:
        self._trial.record(
            JobStatusChanged, status=status, attempt=self._attempt, epoch=self._epoch, reason=reason
        )

    async def chunk(self, text: str, metadata: ChunkMetadata | None) -> None:
        await self.gate()
        self._trial.record(ModelChunk, chunk=text, metadata=metadata)
        self._chunks += 1
        self._interrupt()
        if self._chunks == self._interruptions.cancel_after:
            await self._cancel()

    async def rewind(self, kept: str) -> None:
        await self.gate()
        self.take_back(kept, "agent")

    def take_back(self, kept: str, reason: str) -> None:
        self._trial.record(ModelRewind, length=utf16_length(kept), attempt=self._attempt, reason=reason)

    async def progress(self, percent: float, step: str | None, metadata: dict[str, Any] | None) -> None:
        await self.gate()
        self._trial.record(JobProgress, progress=percent, step=step, metadata=metadata)

    async def gate(self) -> None:
        """Whoever waits here ends the pause."""
        if self._paused:
            await asyncio.sleep(0)
            self._paused = False
            self.say(JobStatus.RUNNING)

    async def _cancel(self) -> None:
        """Wait for it here, so that it always comes at the same point."""
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), CANCELLED_WITHIN_S)

    def _interrupt(self) -> None:
        if self._chunks == self._interruptions.pause_after:
            self._paused = True
            self.say(JobStatus.PAUSED)
        if self._chunks == self._interruptions.cancel_after:
            self.cancelled.set()
