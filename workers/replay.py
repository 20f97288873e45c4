"""A new attempt says again what the one before it said: that much is not published twice. Pure."""

from typing import NamedTuple

from shared_events.fold import utf16_length


class Fresh(NamedTuple):
    """What is new: first take back the text after `rewind` (UTF-16 units), if given; then append `text`."""

    rewind: int | None
    text: str


class Replay:
    """Compares an attempt's output with the `text` that followers already hold.

    Publishing what `feed` and `finish` return makes that text the attempt's own, with one rewind at most.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._matched = 0
        """So many characters came out identical."""

    def feed(self, text: str) -> Fresh:
        """What to publish for the attempt's next `text`."""
        if self._matched == len(self._text):
            return Fresh(None, text)
        same = self._common(text)
        self._matched += same
        fresh = text[same:]
        if not fresh:
            return Fresh(None, "")
        return Fresh(self._take_back(), fresh)

    def rewind(self, length: int) -> bool:
        """The attempt takes back what it said behind `length` characters; whether followers hold any of it.

        Those who hold what an earlier attempt said behind that keep it: it may come again.
        """
        if self._matched == len(self._text):
            return True
        self._matched = length
        return False

    def finish(self) -> int | None:
        """To where the text goes back when the attempt ends here: it may have said less."""
        return self._take_back()

    def _common(self, text: str) -> int:
        if self._text.startswith(text, self._matched):
            return len(text)
        rest = self._text[self._matched : self._matched + len(text)]
        return next(
            (i for i, (one, other) in enumerate(zip(rest, text, strict=False)) if one != other), len(rest)
        )

    def _take_back(self) -> int | None:
        if self._matched == len(self._text):
            return None
        self._text = self._text[: self._matched]
        return utf16_length(self._text)
