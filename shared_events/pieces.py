"""Text as chunks: how long one may be, and all of a job together. Pure."""

from collections.abc import Iterator
from typing import Final

MAX_CHUNK_CHARACTERS: Final = 2048
"""Longer text goes out as several chunks, so that every event fits into a message of the bus."""
TEXT_LIMIT_CHARACTERS: Final = 16 * 1024 * 1024
"""Of a job's text, in code points."""


def pieces(text: str) -> Iterator[str]:
    """`text` in parts of at most `MAX_CHUNK_CHARACTERS` code points."""
    for start in range(0, len(text), MAX_CHUNK_CHARACTERS):
        yield text[start : start + MAX_CHUNK_CHARACTERS]
