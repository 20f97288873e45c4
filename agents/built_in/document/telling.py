"""Tells followers how far a document is: at each step, and about once a second while words come."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec

from agents.context import JobContext
from agents.usage import estimated_tokens
from shared_events.document_state import DocumentState, StreamStatus

EVERY_S: Final = 1.0


class Telling:
    """Publishes the progress of `job`. `total` and `completed` count sections."""

    def __init__(self, job: JobContext[Any], *, total: int, completed: int = 0) -> None:
        self.completed = completed
        self._total = total
        self._job = job
        self._told: DocumentState | None = None

    async def tell(self, step: str, status: StreamStatus, section: str | None = None) -> None:
        """Says how things stand, unless that was said last."""
        tokens = estimated_tokens(self._job.text)
        state = DocumentState(
            sections_completed=self.completed,
            sections_total=self._total,
            tokens_generated=tokens,
            current_section=section,
            stream_status=status,
        )
        if state != self._told:
            self._told = state
            await self._job.progress(state.percent, step, msgspec.to_builtins(state))

    @asynccontextmanager
    async def streaming(self, section: str, every_s: float = EVERY_S) -> AsyncIterator[None]:
        """While the `section` is written; if that comes to a good end, it is complete."""

        async def tell() -> None:
            await self.tell("writing", "streaming", section)

        async with _repeated(tell, every_s):
            yield
        self.completed += 1
        await self.tell("writing", "idle", section)


@asynccontextmanager
async def _repeated(tell: Callable[[], Awaitable[None]], every_s: float) -> AsyncIterator[None]:
    """Calls `tell` now, and every `every_s` until the end."""

    async def again() -> None:
        while True:
            await asyncio.sleep(every_s)
            await tell()

    await tell()
    ticking = asyncio.create_task(again(), name="document progress")
    try:
        yield
    finally:
        ticking.cancel()
        # What it may have failed with, whoever publishes next meets, too.
        await asyncio.gather(ticking, return_exceptions=True)
