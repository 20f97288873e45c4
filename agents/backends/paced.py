"""Gives a whole answer on in pieces, at the pace of one that is streamed, but never for long."""

import asyncio
import re
import time
from collections.abc import AsyncGenerator, Sequence
from typing import Final

from agents.backends.protocol import Delta, TextDelta
from agents.backends.schedule import Schedule

SLOWEST_PER_S: Final = 40.0
LONGEST_S: Final = 3.0
"""However long the answer: nobody who has waited for all of it waits longer than this."""
_PIECES: Final = re.compile(r"\s*\S{1,40}|\s+")


def pieces(text: str) -> list[str]:
    """`text` cut into words, each with the space before it. Pure."""
    return _PIECES.findall(text)


async def paced(deltas: Sequence[Delta]) -> AsyncGenerator[Sequence[Delta], None]:
    """`deltas`, their text piece by piece: what is due together comes together."""
    parts = [part for delta in deltas for part in _parts(delta)]
    schedule = Schedule(time.monotonic(), max(SLOWEST_PER_S, len(parts) / LONGEST_S))
    given = 0
    while given < len(parts):
        await asyncio.sleep(schedule.wait_s(given, time.monotonic()))
        due = max(given + 1, schedule.due(time.monotonic()))
        yield parts[given:due]
        given = due


def _parts(delta: Delta) -> list[Delta]:
    return [TextDelta(piece) for piece in pieces(delta.text)] if isinstance(delta, TextDelta) else [delta]
