"""Scripts: which chunks a model of the scripted backend says, and how fast; from the middle, too. Pure."""

import re
from bisect import bisect_left
from collections.abc import Iterable
from itertools import accumulate, chain
from typing import Final, Protocol

import msgspec

from agents.backends.scripted.essay import ESSAY
from agents.errors import BackendRejected

ESSAY_PER_S: Final = 22
JSON_PER_S: Final = 60
MOST_NUMBERS: Final = 1_000_000
FASTEST_PER_S: Final = 100_000
COMPARED: Final = 1000
"""So many chunks before the place where a script goes on are compared; the essay has fewer."""

_COUNT: Final = re.compile(r"count-([1-9][0-9]{0,6})@([1-9][0-9]{0,5})", re.ASCII)


class Script(msgspec.Struct, frozen=True):
    """`length` chunks, at `per_s` chunks a second."""

    chunks: Iterable[str]
    length: int
    per_s: int


class _Source(Protocol):
    """A text in `length` chunks; `end` says how many characters it has up to the end of a chunk."""

    @property
    def length(self) -> int: ...
    def chunk(self, index: int) -> str: ...
    def end(self, index: int) -> int: ...


def script_of(model: str, said: str = "") -> Script:
    """`essay`, or `count-N@R`: the numbers 1 to N, one a chunk, R a second. Raises `BackendRejected`.

    Where `said` is how it begins, white space around it apart, only the rest of it.
    """
    if model == "essay":
        return _script(_ESSAY, ESSAY_PER_S, said)
    numbers, per_s = _counted(model)
    if not (1 <= numbers <= MOST_NUMBERS and per_s <= FASTEST_PER_S):
        raise BackendRejected(
            f"The scripted backend has no model {model[:60]!r}. It has essay, and count-N@R with N from 1 to "
            f"{MOST_NUMBERS} numbers at R from 1 to {FASTEST_PER_S} a second."
        )
    return _script(_Numbers(numbers), per_s, said)


def json_script(text: str, said: str = "") -> Script:
    """As `script_of`, of a JSON text."""
    return _script(_Words(text), JSON_PER_S, said)


class _Words:
    def __init__(self, text: str) -> None:
        self._chunks: tuple[str, ...] = tuple(re.findall(r"\s*\S+", text))
        self._ends = tuple(accumulate(map(len, self._chunks)))
        self.length = len(self._chunks)

    def chunk(self, index: int) -> str:
        return self._chunks[index]

    def end(self, index: int) -> int:
        return self._ends[index]


class _Numbers(msgspec.Struct, frozen=True):
    length: int

    def chunk(self, index: int) -> str:
        return f" {index + 1}" if index else "1"

    def end(self, index: int) -> int:
        """The numbers from 10 on have one character more, those from 100 on two, and a space before each."""
        last = index + 1
        return index + sum(last - int(10**digits) + 1 for digits in range(len(str(last))))


_ESSAY: Final = _Words(ESSAY)


def _script(source: _Source, per_s: int, said: str) -> Script:
    index, cut = _place(source, said) if said.strip() else (0, "")
    rest = [cut] if cut else []
    chunks = chain(rest, map(source.chunk, range(index, source.length)))
    return Script(chunks, len(rest) + source.length - index, per_s)


def _place(source: _Source, said: str) -> tuple[int, str]:
    """Which chunk is next behind `said`, and what is left of the one that was cut, which comes before it."""
    text = said.strip()
    last = bisect_left(range(source.length), len(text), key=source.end)
    if last == source.length:
        return 0, ""
    compared = "".join(map(source.chunk, range(max(0, last + 1 - COMPARED), last + 1)))
    left = source.end(last) - len(text)
    if not text.endswith(compared[: len(compared) - left]):
        return 0, ""
    if left:
        return last + 1, compared[-left:]
    return _behind_space(source, last + 1, said[len(said.rstrip()) :])


def _behind_space(source: _Source, index: int, space: str) -> tuple[int, str]:
    """As `_place`, where chunk `index` is next but the white space before it was said."""
    if not space or index == source.length:
        return index, ""
    chunk = source.chunk(index)
    return index + 1, chunk.removeprefix(space) if chunk.startswith(space) else chunk.lstrip()


def _counted(model: str) -> tuple[int, int]:
    match = _COUNT.fullmatch(model)
    return (int(match[1]), int(match[2])) if match else (0, 0)
