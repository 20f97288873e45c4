"""Follows a JSON object as it comes in pieces, and gives the text of one of its fields at once. Pure."""

import re
from typing import Final

from agents.surrogates import SurrogateJoiner

_PLAIN: Final = re.compile(r'[^"\\]+')
_MARK: Final = re.compile(r'[{}\[\]":,]')
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_HEX: Final = re.compile(r"[0-9a-fA-F]{4}")


class FieldText:
    """`feed` an answer piece by piece: together the results are the string field `name` of its object.

    The object may stand behind other words and in a code fence. Fields of the same name further inside do not
    count. Whoever wants to be sure reads the whole at the end: this believes what it sees.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._depth = 0
        self._key: str | None = None
        self._is_value = False
        self._string: _String | None = None
        self._just_opened = False

    def feed(self, piece: str) -> str:
        """What is new of the field."""
        new, at = [], 0
        while at < len(piece):
            if self._string is None:
                at = self._outside(piece, at)
            else:
                text, at = self._string.feed(piece, at)
                new.append(self._inside(self._string, text))
        return "".join(new)

    def _outside(self, piece: str, at: int) -> int:
        """Goes on to the next mark, and takes it; where the rest begins."""
        found = _MARK.search(piece, at)
        between = piece[at : found.start()] if found else piece[at:]
        if self._just_opened and between.strip():
            self._begin_anew()
        if found is None:
            return len(piece)
        self._take(found[0])
        return found.end()

    def _take(self, mark: str) -> None:
        if self._just_opened and mark not in '"}':
            self._begin_anew()
        was_opened, self._just_opened = self._just_opened, False
        if self._depth == 0:
            self._just_opened = mark == "{"
            self._depth = int(mark == "{")
        elif mark == '"':
            self._string = _String()
        elif mark in "{[":
            self._depth += 1
        elif mark in "}]":
            self._depth -= 1
        elif self._depth == 1:
            self._is_value = mark == ":"
        if was_opened or self._depth == 0:
            self._key, self._is_value = None, False

    def _begin_anew(self) -> None:
        """It was a brace in other words, not an object."""
        self._depth, self._just_opened = 0, False

    def _inside(self, string: "_String", text: str) -> str:
        """What `text`, the next of `string`, adds to the field."""
        if string.is_closed:
            self._string = None
        if self._depth != 1:
            return ""
        if self._is_value:
            return text if self._key == self._name else ""
        self._key = (self._key or "") + text if string.is_going_on else text
        string.is_going_on = True
        return ""


class _String:
    """A JSON string behind its opening quote."""

    def __init__(self) -> None:
        self.is_closed = False
        self.is_going_on = False
        self._escape = ""
        self._joiner = SurrogateJoiner()

    def feed(self, piece: str, at: int) -> tuple[str, int]:
        """What is new from `at` on, and where the string's part of `piece` ends."""
        new = []
        while at < len(piece) and not self.is_closed:
            if self._escape:
                new.append(self._unescaped(piece[at]))
                at += 1
            elif plain := _PLAIN.match(piece, at):
                new.append(plain[0])
                at = plain.end()
            else:
                self.is_closed = piece[at] == '"'
                self._escape = "" if self.is_closed else "\\"
                at += 1
        text = self._joiner.feed("".join(new))
        return text + self._joiner.finish() if self.is_closed else text, at

    def _unescaped(self, character: str) -> str:
        """The character that the escape stands for, once it is whole."""
        self._escape += character
        if self._escape[1] != "u":
            self._escape = ""
            return _ESCAPES.get(character, character)
        if len(self._escape) < 6:
            return ""
        digits, self._escape = self._escape[2:], ""
        return chr(int(digits, 16)) if _HEX.fullmatch(digits) else "\ufffd"
