"""Ranking: what has the query's rare words comes first, what has none of them never."""

from hypothesis import given
from hypothesis import strategies as st

from agents.built_in.research.ranking import Ranking, words

texts = st.lists(st.text("abc é🌱", max_size=30), max_size=8)


def test_the_text_with_the_rare_word_is_best() -> None:
    ranking = Ranking(["the log and the bus", "the lease of the worker", "the worker and the log"])
    assert ranking.best("What is a lease?", 3) == [1]
    assert ranking.best("worker leases", 3) == [1, 2]


def test_a_short_text_that_says_it_is_better_than_a_long_one() -> None:
    assert Ranking(["tea " + "and other things " * 20, "green tea"]).best("tea", 2) == [1, 0]


def test_words_are_compared_without_case_and_common_endings() -> None:
    assert words("Snapshots, STREAMING; queries & queried") == ["snapshot", "stream", "quer", "queri"]


def test_no_text_and_no_word_find_nothing() -> None:
    assert Ranking([]).best("tea", 3) == []
    assert Ranking(["", "tea"]).best("…", 3) == []


@given(texts, st.text("abc é🌱"), st.integers(0, 9))
def test_exactly_the_texts_with_a_word_of_the_query_are_found_in_falling_order(
    given: list[str], query: str, limit: int
) -> None:
    ranking = Ranking(given)
    found = ranking.best(query, len(given))
    assert set(found) == {i for i, text in enumerate(given) if set(words(text)) & set(words(query))}
    assert ranking.best(query, limit) == found[:limit]
