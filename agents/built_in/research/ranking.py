"""Ranks texts by what a query asks for: Okapi BM25 (Robertson and Zaragoza, 2009). Pure."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

K1: Final = 1.2
"""How much a word counts that comes again and again."""
B: Final = 0.75
"""How much a long text has to say it more often than a short one."""
_WORD: Final = re.compile(r"\w+")
_ENDINGS: Final = ("ing", "ies", "es", "ed", "s")


class Ranking:
    """Of `texts`, once; then any number of queries."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._counts = [Counter(words(text)) for text in texts]
        self._lengths = [sum(counts.values()) for counts in self._counts]
        self._average = sum(self._lengths) / len(texts) if any(self._lengths) else 1.0
        self._texts_with = Counter(word for counts in self._counts for word in counts)

    def best(self, query: str, limit: int) -> list[int]:
        """Indexes of the texts that have at least one of the query's words, the best first."""
        asked = set(words(query))
        scores = [self._score(index, asked) for index in range(len(self._counts))]
        ranked = sorted(range(len(scores)), key=lambda index: -scores[index])
        return [index for index in ranked if scores[index] > 0][:limit]

    def _score(self, index: int, asked: set[str]) -> float:
        counts = self._counts[index]
        longer = 1 - B + B * self._lengths[index] / self._average
        return sum(
            self._rarity(word) * counts[word] * (K1 + 1) / (counts[word] + K1 * longer)
            for word in asked & counts.keys()
        )

    def _rarity(self, word: str) -> float:
        having = self._texts_with[word]
        return math.log(1 + (len(self._counts) - having + 0.5) / (having + 0.5))


def words(text: str) -> list[str]:
    """The words of `text` in small letters, without the commonest English endings."""
    return [_stem(word) for word in _WORD.findall(text.casefold())]


def _stem(word: str) -> str:
    ending = next((ending for ending in _ENDINGS if word.endswith(ending)), "")
    return word[: len(word) - len(ending)] if ending and len(word) - len(ending) >= 3 else word
