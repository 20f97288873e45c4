"""The offline corpus: a few texts of our own, found by what they are about."""

from pathlib import Path

import pytest

from agents.built_in.research import OfflineCorpus


@pytest.mark.parametrize(
    ("query", "best"),
    [
        ("What are sequence numbers for?", "jobcast/sequences"),
        ("Why is an epoch random and no counter?", "jobcast/epochs"),
        ("How is a dead worker found? leases", "jobcast/leases"),
        ("slow reader backpressure", "jobcast/backpressure"),
        ("server-sent events EventSource Last-Event-ID", "jobcast/server-sent-events"),
        ("websocket upgrade", "jobcast/websockets"),
        ("cancel a job and stop paying for the model", "jobcast/cancelling"),
    ],
)
async def test_a_question_finds_its_text(query: str, best: str) -> None:
    found = await OfflineCorpus().search(query, 3)
    assert found[0].id == best
    assert len(found) <= 3
    assert found[0].title
    assert not found[0].title.startswith("#")


async def test_what_it_does_not_know_finds_nothing() -> None:
    assert await OfflineCorpus().search("xylophone", 3) == []


async def test_a_directory_of_ones_own_may_be_searched(tmp_path: Path) -> None:
    (tmp_path / "tea.md").write_text("# Tea\n\nGreen or black.\n")
    (found,) = await OfflineCorpus(tmp_path).search("black tea", 3)
    assert (found.title, found.excerpt) == ("Tea", "Green or black.")
