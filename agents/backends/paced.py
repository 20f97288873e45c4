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
MOST_PIECES: Final = 600
"""However long the answer: more would only fill the memory, for they come in batches anyway."""
_WORD: Final = re.compile(r"\s*\S{1,40}|\s+")


def pieces(text: str) -> list[str]:
    """`text` cut into words, each with the space before it; a long one into runs of words. Pure."""
    least = len(text) // MOST_PIECES
    cut: list[str] = []
    begin = 0
    while begin < len(text):
        word = _WORD.match(text, begin + least)
        end = word.end() if word else len(text)
        cut.append(text[begin:end])
        begin = end
    return cut


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
