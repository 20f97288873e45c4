"""Makes text well-formed Unicode, also where a surrogate pair was cut between two chunks. Pure.

Providers that count in UTF-16 units may split an emoji over two deltas. The log and the wire are
UTF-8, which cannot say half a pair.
"""

import re
from typing import Final

_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def well_formed(text: str) -> str:
    """`text` with surrogate pairs joined; a surrogate without its other half becomes U+FFFD."""
    if _SURROGATE.search(text) is None:
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


class SurrogateJoiner:
    """`feed` chunk by chunk, then `finish`: together they return `well_formed` of the whole."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, chunk: str) -> str:
        """What can be said for sure; a high surrogate at the end waits for its other half."""
        if type(chunk) is str and chunk.isascii() and not self._held:
            return chunk
        text = self._held + chunk
        self._held = text[-1] if "\ud800" <= text[-1:] <= "\udbff" else ""
        return well_formed(text[: len(text) - len(self._held)])

    def finish(self) -> str:
        """What is still held; you must call this after the last chunk."""
        held, self._held = self._held, ""
        return well_formed(held)
