"""How deep JSON is nested."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.engine.depth import too_deep


def depth(data: Any) -> int:
    """The same, recursively."""
    if not isinstance(data, (dict, list)):
        return 0
    return 1 + max(map(depth, data.values() if isinstance(data, dict) else data), default=0)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=3),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
        max_leaves=12,
    ),
    st.integers(0, 6),
)
def test_it_is_too_deep_if_more_than_so_many_lie_in_one_another(data: Any, most: int) -> None:
    assert too_deep(data, most) == (depth(data) > most)


@pytest.mark.parametrize(
    ("data", "most"),
    [
        ([], 1),
        ([[]], 2),
        ([{"a": [1]}], 3),
    ],
)
def test_the_innermost_counts_even_if_it_is_empty(data: Any, most: int) -> None:
    """It did not, so that 33 were taken for 32."""
    assert not too_deep(data, most)
    assert too_deep([data], most)


def test_what_is_deeper_than_python_can_recurse_is_too_deep() -> None:
    data: Any = []
    for _ in range(100_000):
        data = [data]
    assert too_deep(data, 32)
    while data:
        data = data.pop()
