"""Usage: added up over the answers of a job."""

from agents.usage import added, estimated_tokens
from shared_events.events import Usage


def test_four_characters_are_about_a_token() -> None:
    assert [estimated_tokens(text) for text in ("", "a", "abcd", "abcde")] == [0, 1, 1, 2]


def test_nothing_and_something_is_something() -> None:
    usage = Usage(input_tokens=1)
    assert added(None, None) is None
    assert added(None, usage) == added(usage, None) == usage


def test_counts_are_added_where_they_are_known() -> None:
    total = added(Usage(input_tokens=1, output_tokens=2), Usage(output_tokens=3, estimated=True))
    assert total == Usage(input_tokens=1, output_tokens=5, estimated=True)
    assert added(Usage(estimated=True), Usage()) == Usage(estimated=True)
