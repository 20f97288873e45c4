"""What a search tool gives is checked, cut and told apart."""

from typing import Any

import msgspec
import pytest

from agents.built_in.research.found import LONGEST_EXCERPT, Found, checked, without_doubles


def page(name: str, excerpt: str = "x") -> Found:
    return Found(name, excerpt, url=f"https://example.org/{name}")


@pytest.mark.parametrize(
    "given",
    [
        None,
        "text",
        [1],
        [{"title": "a"}],
        [{"title": "a", "excerpt": "b"}],
        [{"title": "a", "excerpt": "b", "url": "javascript:alert(1)"}],
        [{"title": "a", "excerpt": "b", "url": "https://a b"}],
        [{"title": "a", "excerpt": "b", "url": "https://a)[x](https://b"}],
    ],
)
def test_what_is_no_finding_is_refused(given: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        checked(given, 3)


def test_findings_are_cut_to_what_may_be_used() -> None:
    (found,) = checked([Found(" A\ntitle ", "x" * 9999, id="a"), page("b")], 1)
    assert (found.title, len(found.excerpt)) == ("A title", LONGEST_EXCERPT)
    assert checked([Found(" ", "x", id="a")], 1)[0].title == "a"


def test_each_source_is_there_once_and_the_best_of_each_search_first() -> None:
    a, b, c, d = (page(name) for name in "abcd")
    assert without_doubles([[a, b], [], [c, a, d]]) == [a, c, b, d]
    assert without_doubles([]) == []
