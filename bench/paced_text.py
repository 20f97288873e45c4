"""What the paced server says. Pure.

Each stream says the same endless row of words, but begins at a place of its own: text that reaches the
wrong job is noticed.
"""

from typing import Final

_SYLLABLES: Final = [consonant + vowel for consonant in "bdfgklmnprst" for vowel in "aeioué"]
WORDS: Final = len(_SYLLABLES) ** 2
_STEP: Final = 7


def place_of(stream: int) -> int:
    """Where in the row of words a stream begins."""
    return stream * _STEP % WORDS


def word(place: int) -> str:
    """The token at a place of the row, which begins again after `WORDS`."""
    second, first = divmod(place % WORDS, len(_SYLLABLES))
    return f" {_SYLLABLES[first]}{_SYLLABLES[second]}"


def text_of(stream: int, tokens: int) -> str:
    """All that a stream has said after so many tokens."""
    place = place_of(stream)
    return "".join(map(word, range(place, place + tokens)))


def begins(stream: int, text: str) -> bool:
    """Whether a stream says `text` first, in whole tokens."""
    return text == text_of(stream, len(text) // len(word(0)))
