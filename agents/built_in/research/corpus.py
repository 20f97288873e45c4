"""A few texts about how Jobcast works, to search in without a network."""

from functools import cached_property
from pathlib import Path
from typing import Final

from agents.built_in.research.found import Found
from agents.built_in.research.ranking import Ranking

TEXTS: Final = Path(__file__).with_name("corpus")


class OfflineCorpus:
    """A `SearchTool`: the Markdown files of `directory`, each a title and a text; they are read once."""

    def __init__(self, directory: Path = TEXTS) -> None:
        self._directory = directory

    async def search(self, query: str, limit: int) -> list[Found]:
        """The best `limit` of the texts that have a word of `query`."""
        texts, ranking = self._read
        return [texts[index] for index in ranking.best(query, limit)]

    @cached_property
    def _read(self) -> tuple[list[Found], Ranking]:
        texts = [_found(path) for path in sorted(self._directory.glob("*.md"))]
        return texts, Ranking([f"{found.title}\n{found.title}\n{found.excerpt}" for found in texts])


def _found(path: Path) -> Found:
    title, _, text = path.read_text(encoding="utf-8").partition("\n")
    return Found(title.removeprefix("# ").strip(), text.strip(), id=f"jobcast/{path.stem}")
