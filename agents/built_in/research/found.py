"""What a search finds, and the port that whoever searches stands behind."""

import re
from typing import Final, Protocol

import msgspec

LONGEST_EXCERPT: Final = 2000
LONGEST_TITLE: Final = 200
_WEB: Final = re.compile(r"https?://[^\s<>()]{1,2000}", re.IGNORECASE)


class Found(msgspec.Struct, frozen=True, omit_defaults=True):
    """One finding: the `excerpt` of a source with that `title`, which has a `url` or an `id`.

    Raises `ValueError` for one that has neither, or a URL that no browser should be shown.
    """

    title: str
    excerpt: str
    url: str | None = None
    id: str | None = None

    def __post_init__(self) -> None:
        if self.url is None and self.id is None:
            raise ValueError("a finding must have a url or an id")
        if self.url is not None and not _WEB.fullmatch(self.url):
            raise ValueError("the url of a finding must begin with http:// or https:// and have no spaces")

    @property
    def place(self) -> str:
        """Tells sources apart."""
        return self.url or self.id or ""


class SearchTool(Protocol):
    """Searches for `research_agent`. Whatever it raises fails that one search, not the job."""

    async def search(self, query: str, limit: int) -> list[Found]:
        """At most `limit` findings, the best first. Raise a retryable `JobcastError` to be asked again."""
        ...


def checked(given: object, limit: int) -> list[Found]:
    """What a tool gave, cut to what may be used. Raises `msgspec.ValidationError`."""
    return [_short(found) for found in msgspec.convert(given, list[Found])[:limit]]


def without_doubles(findings: list[list[Found]]) -> list[Found]:
    """Each source once, the best of each search before the second best of any."""
    ranks = range(max((len(found) for found in findings), default=0))
    in_turn = [ranked[rank] for rank in ranks for ranked in findings if rank < len(ranked)]
    best: dict[str, Found] = {}
    for found in in_turn:
        best.setdefault(found.place, found)
    return list(best.values())


def _short(found: Found) -> Found:
    title = " ".join(found.title.split())[:LONGEST_TITLE] or found.place
    excerpt = found.excerpt.strip()[:LONGEST_EXCERPT]
    return msgspec.structs.replace(found, title=title, excerpt=excerpt)
