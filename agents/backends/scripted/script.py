"""Scripts: which chunks a model of the scripted backend says, and how fast. Pure."""

import re
from collections.abc import Iterable
from typing import Final

import msgspec

from agents.backends.scripted.essay import ESSAY
from agents.errors import BackendRejected

ESSAY_PER_S: Final = 22
MOST_NUMBERS: Final = 1_000_000
FASTEST_PER_S: Final = 100_000

_WORDS: Final = tuple(re.findall(r"\s*\S+", ESSAY))
_COUNT: Final = re.compile(r"count-([1-9][0-9]{0,6})@([1-9][0-9]{0,5})", re.ASCII)


class Script(msgspec.Struct, frozen=True):
    """`length` chunks, at `per_s` chunks a second."""

    chunks: Iterable[str]
    length: int
    per_s: int


def script_of(model: str) -> Script:
    """`essay`, or `count-N@R`: the numbers 1 to N, one a chunk, R a second. Raises `BackendRejected`."""
    if model == "essay":
        return Script(_WORDS, len(_WORDS), ESSAY_PER_S)
    numbers, per_s = _counted(model)
    if not (1 <= numbers <= MOST_NUMBERS and per_s <= FASTEST_PER_S):
        raise BackendRejected(
            f"The scripted backend has no model {model[:60]!r}. It has essay, and count-N@R with N from 1 to "
            f"{MOST_NUMBERS} numbers at R from 1 to {FASTEST_PER_S} a second."
        )
    return Script((f" {number}" if number > 1 else "1" for number in range(1, numbers + 1)), numbers, per_s)


def _counted(model: str) -> tuple[int, int]:
    match = _COUNT.fullmatch(model)
    return (int(match[1]), int(match[2])) if match else (0, 0)
