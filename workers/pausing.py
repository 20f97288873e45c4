"""A gate before everything that an agent publishes or reads: closed while its job is paused."""

import asyncio
from collections.abc import Callable

from shared_events.contract import PAUSE_LIMIT_S


class Pause:
    """`on_overdue` is called when the job has been paused for `PAUSE_LIMIT_S`."""

    def __init__(self, *, on_change: Callable[[], None], on_overdue: Callable[[], None]) -> None:
        self.reason: str | None = None
        self._open = asyncio.Event()
        self._open.set()
        self._on_change = on_change
        self._on_overdue = on_overdue
        self._limit: asyncio.TimerHandle | None = None

    @property
    def paused(self) -> bool:
        return not self._open.is_set()

    async def gate(self) -> None:
        """Returns when the job may go on."""
        await self._open.wait()

    def begin(self, reason: str | None) -> None:
        """A job that is paused already stays so, for the new reason; its limit began with the first."""
        if not self.paused:
            self._open.clear()
            self._limit = asyncio.get_running_loop().call_later(PAUSE_LIMIT_S, self._on_overdue)
        elif reason == self.reason:
            return
        self.reason = reason
        self._on_change()

    def end(self) -> None:
        if self.paused:
            self.close()
            self._on_change()

    def close(self) -> None:
        """Let everybody through, for good."""
        self._open.set()
        if self._limit is not None:
            self._limit.cancel()
