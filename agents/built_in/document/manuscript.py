"""The text of a document, so that it alone tells what is finished: laid out here, and read again. Pure.

    # Title

    1. First heading
    2. Second heading

    ## First heading

    Its text.

    ## Second heading

    …

No line of a section's text begins with `## ` (`Demoting` sees to that): one that does is a heading of ours.
"""

import re
from typing import Final

import msgspec

from agents.built_in.document.outline import Outline

_HEAD: Final = re.compile(r"# ([^\n]+)\n\n((?:\d+\. [^\n]+\n)+)\n")
_ITEM: Final = re.compile(r"\d+\. ([^\n]+)\n")
_MARK: Final = "## "
_HALF_MARKS: Final = ("#", "##")
_INNER: Final = re.compile(r"(?<=\n)## ")


class Manuscript(msgspec.Struct, frozen=True):
    """What a text holds: its `outline`, the `finished` texts, and the `length` of all that in characters."""

    outline: Outline
    finished: list[str]
    length: int


def head(outline: Outline) -> str:
    """The title and the contents."""
    items = "".join(f"{number}. {heading}\n" for number, heading in enumerate(outline.headings, 1))
    return f"# {outline.title}\n\n{items}\n"


def heading(outline: Outline, index: int) -> str:
    """What stands before the text of section `index`, from 0."""
    return ("\n\n" if index else "") + f"{_MARK}{outline.headings[index]}\n\n"


def read(text: str, *, is_whole: bool = False) -> Manuscript | None:
    """What `text` holds; None where not even its outline is there.

    A section is finished where the next one begins; the last one only if the text `is_whole`.
    """
    found = _HEAD.match(text)
    if found is None:
        return None
    outline = Outline(found[1], _ITEM.findall(found[2]))
    finished: list[str] = []
    end = found.end()
    for index in range(len(outline.headings)):
        begin = end + len(heading(outline, index))
        next_end = _end(text, begin, is_last=is_whole and index == len(outline.headings) - 1)
        if next_end is None or text[end:begin] != heading(outline, index):
            break
        finished.append(text[begin:next_end])
        end = next_end
    return Manuscript(outline, finished, end)


def _end(text: str, begin: int, *, is_last: bool) -> int | None:
    """Where the section whose text begins at `begin` ends: before the next heading."""
    if is_last:
        return len(text) if begin <= len(text) else None
    end = text.find(f"\n\n{_MARK}", begin)
    return end if end >= 0 else None


class Demoting:
    """`feed` a section's text piece by piece, then `finish`: lines that begin with `## ` get one more `#`."""

    def __init__(self) -> None:
        self._held = ""
        self._begins_line = True

    def feed(self, piece: str) -> str:
        """What can be said for sure; a `#` or two at a line's beginning wait for what follows them."""
        text = self._held + piece
        line = text.rpartition("\n")[2]
        line_begins = self._begins_line or len(line) < len(text)
        self._held = line if line_begins and line in _HALF_MARKS else ""
        said = _INNER.sub(f"#{_MARK}", text[: len(text) - len(self._held)])
        if self._begins_line and said.startswith(_MARK):
            said = f"#{said}"
        self._begins_line = line_begins and line == self._held
        return said

    def finish(self) -> str:
        """What is still held; you must call this at the end of the section."""
        held, self._held = self._held, ""
        return held
