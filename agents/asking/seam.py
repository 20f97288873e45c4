"""The seam between two turns of one answer: finds what the second turn says once more. Pure.

A model that is asked to go on often says the end of its text again, or begins its last line or sentence
anew. Texts are compared without their white space, which models change freely.
"""

import re
import unicodedata
from itertools import islice
from typing import Final

WINDOW: Final = 1000
"""So many characters of the end of what was said are looked at."""
HELD_MOST: Final = 2 * WINDOW
LEAST: Final = 12
"""A repetition that may begin anywhere has so many columns (a CJK character has two): "ha ha" stays."""
LEAST_ANEW: Final = 6
"""One that begins with the line or sentence that was cut is believed sooner."""

_END: Final = r"[.!?…][\"'”’)\]]*"
_WIDE_END: Final = r"[。！？][”’」』）]*"
_NEW_SENTENCE: Final = re.compile(rf"(?:{_END}\s|{_WIDE_END}|\n)\s*(?=\S)")
_ENDED: Final = re.compile(rf"(?:{_END}|{_WIDE_END}|\n)\s*\Z")
_MARKED: Final = re.compile(r"\s*(?:[-*+>]|#{1,6}|\d+[.)])\s")
_BREAK: Final = re.compile(r"\r\n|\n|\r")
_DOTS: Final = ("…", "...")


class Seam:
    """`feed` a turn piece by piece, then `finish`: together they return what it adds to `before`."""

    def __init__(self, before: str) -> None:
        end = before[-WINDOW:]
        self._end = _squeezed(end)
        self._space = end[len(end.rstrip()) :]
        # Where the line is longer than the window, nobody knows how it begins.
        self._line = end[end.rfind("\n") + 1 :] if "\n" in end or end == before else ""
        self._starts = [_squeezed(start) for start in (self._line, _cut_sentence(end))]
        self._open = bool(self._end)
        self._held = self._turn = ""

    def feed(self, text: str) -> str:
        """What is new for sure. It holds back `HELD_MOST` characters at most."""
        if not self._open:
            return text
        room = HELD_MOST - len(self._held)
        self._held += text[:room]
        self._turn += _squeezed(text[:room])
        if len(text) < room and self._undecided():
            return ""
        return self.finish() + text[room:]

    def finish(self) -> str:
        """What is new of what is still held; you must call this after the last piece of the turn."""
        if not self._open:
            return ""
        self._open = False
        if repeated := self._repeated():
            return _behind_repetition(self._space, self._held[_index_behind(self._held, repeated) :])
        return _behind(self._space, self._held)

    def _undecided(self) -> bool:
        """Whether the turn may still be a repetition, or one whose end is not in sight."""
        if any(dots.startswith(self._turn) for dots in _DOTS):
            return True
        return any(self._turn[skipped:] in self._end for skipped in self._beginnings())

    def _beginnings(self) -> list[int]:
        """Where in the squeezed turn the repetition may begin: some models put an ellipsis before it."""
        return [0, *(len(dots) for dots in _DOTS if self._turn.startswith(dots))]

    def _repeated(self) -> int:
        """How many characters that are no white space the turn repeats at its beginning."""
        for skipped in self._beginnings():
            if length := self._overlap(self._turn[skipped:]):
                return skipped + length
        return self._line_anew()

    def _overlap(self, turn: str) -> int:
        longest = min(len(turn), len(self._end))
        length = next((size for size in range(longest, 0, -1) if self._end.endswith(turn[:size])), 0)
        if _columns(turn[:length]) >= LEAST and not _monotonous(turn[:length]):
            return length
        anew = (start for start in self._starts if _columns(start) >= LEAST_ANEW and turn.startswith(start))
        return len(next(anew, ""))

    def _line_anew(self) -> int:
        """A heading or an item that was cut begins with the same mark again, however short it is."""
        marked = _MARKED.match(self._line) and self._held.lstrip(" \t").startswith(self._line.lstrip())
        return len(self._starts[0]) if marked else 0


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _cut_sentence(end: str) -> str:
    """The beginning of the sentence in which `end` ends; empty where it ends with one."""
    if _ENDED.search(end):
        return ""
    begin = 0
    for boundary in _NEW_SENTENCE.finditer(end):
        begin = boundary.end()
    return end[begin:] if begin or len(end) < WINDOW else ""


def _monotonous(text: str) -> bool:
    """Whether `text` is one thing three times or more: rules, rows of zeros, laughter go on like that."""
    return any(text[period:] == text[:-period] for period in range(1, len(text) // 3 + 1))


def _index_behind(text: str, count: int) -> int:
    """Where `text` goes on behind `count` characters that are no white space."""
    visible = (index for index, character in enumerate(text, 1) if not character.isspace())
    return next(islice(visible, count - 1, None))


def _split(text: str) -> tuple[str, str]:
    """The white space at the beginning of `text`, and the rest."""
    rest = text.lstrip()
    return text[: len(text) - len(rest)], rest


def _behind_repetition(space: str, text: str) -> str:
    """`text` behind a repetition of what ended in `space`: without that space, if it comes again."""
    again, rest = _split(text)
    if again.startswith(space):
        return again[len(space) :] + rest
    breaks = len(_BREAK.findall(space))
    if not breaks:
        return (again if _BREAK.search(again) else "") + rest
    return _without_breaks(again, breaks) + rest


def _behind(space: str, text: str) -> str:
    """`text` behind `space`: words with one space between them, paragraphs with one empty line."""
    more, rest = _split(text)
    breaks, further = len(_BREAK.findall(space)), len(_BREAK.findall(more))
    if not space or (breaks > 0) != (further > 0):
        return text
    if not breaks:
        return rest
    return _without_breaks(more, min(further, max(0, breaks + further - 2))) + rest


def _without_breaks(space: str, count: int) -> str:
    """`space` from behind its first `count` line breaks; nothing where it has fewer."""
    if not count:
        return space
    ends = [found.end() for found in _BREAK.finditer(space)]
    return space[ends[count - 1] :] if count <= len(ends) else ""
