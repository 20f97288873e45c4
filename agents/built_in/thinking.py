"""Tells followers that a model thinks, once, before its first word."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from agents.context import JobContext

THINKING: Final = "thinking"


def says_thinking(job: JobContext[Any], percent: float = 0) -> Callable[[str], Awaitable[None]]:
    """For `on_reasoning`: one progress of `job` with the step `thinking`, at `percent`."""
    told = False

    async def tell(thought: str) -> None:  # noqa: ARG001  what it thinks is not published
        nonlocal told
        if not told:
            told = True
            await job.progress(percent, THINKING)

    return tell
