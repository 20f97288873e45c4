"""Takes keys and prompts out of a provider's words before anybody reads them. Pure."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

LONGEST: Final = 300
"""So many characters of a provider's words are passed on."""
MASK: Final = "***"
_LOOKED_AT: Final = 2 * LONGEST
_ESCAPED_SPACE: Final = re.compile(r"\\[nrt]")
_ESCAPED_QUOTE: Final = re.compile(r"\\([\"'\\/])")
_KEY_RUN: Final = 8
_PROMPT_RUN: Final = 20
_SHORTEST: Final = 4
"""Shorter prompts are words of any sentence: masking them would hide nothing."""


class Redaction:
    """Knows the secrets of one request.

    Whatever the words share with them over a run of 8 (key) or 20 (prompt) characters is masked, so a part
    that a provider quotes is found as well as the whole.
    """

    def __init__(self, key: str | None, prompts: Iterable[str]) -> None:
        self._secrets = [(key, _KEY_RUN)] if key else []
        self._secrets += [(prompt, _PROMPT_RUN) for prompt in prompts if len(prompt) >= _SHORTEST]

    def apply(self, words: str) -> str:
        """`words` on one line, without the secrets, cut to `LONGEST`."""
        words = _on_one_line(words[: 4 * _LOOKED_AT])[:_LOOKED_AT]
        hidden = bytearray(len(words))
        for secret, run in self._secrets:
            for start, end in _shared(words, _on_one_line(secret), run):
                hidden[start:end] = b"\x01" * (end - start)
        return _cut("".join(_masked(words, hidden)))


def _on_one_line(text: str) -> str:
    # A provider may quote a prompt as JSON, with its line breaks and quotes escaped.
    return " ".join(_ESCAPED_QUOTE.sub(r"\1", _ESCAPED_SPACE.sub(" ", text)).split())


def _shared(words: str, secret: str, run: int) -> Iterator[tuple[int, int]]:
    """Where `words` have `run` characters, or all, of `secret`."""
    run = min(run, len(secret))
    for start in range(len(words) - run + 1 if run else 0):
        if words[start : start + run] in secret:
            yield start, start + run


def _masked(words: str, hidden: bytearray) -> Iterator[str]:
    for index, character in enumerate(words):
        if not hidden[index]:
            yield character
        elif index == 0 or not hidden[index - 1]:
            yield MASK


def _cut(words: str) -> str:
    return words if len(words) <= LONGEST else words[: LONGEST - 1] + "…"
