"""Numbers: near the wish, within every bound."""

from typing import Any

import jsonschema
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from agents.backends.scripted.specimen_number import number_within

BOUND = st.integers(-50, 50)


@pytest.mark.parametrize("whole", [True, False])
@given(
    low=BOUND,
    high=BOUND,
    words=st.tuples(
        st.sampled_from(["minimum", "exclusiveMinimum"]), st.sampled_from(["maximum", "exclusiveMaximum"])
    ),
    given_bounds=st.sampled_from([(0, 1), (0,), (1,), ()]),
    wish=BOUND,
)
def test_it_is_within_the_bounds(
    whole: bool, low: int, high: int, words: tuple[str, str], given_bounds: tuple[int, ...], wish: int
) -> None:
    assume(low + 2 <= high)
    schema: dict[str, Any] = {words[index]: (low, high)[index] for index in given_bounds}
    schema["type"] = "integer" if whole else "number"
    made = number_within(schema, wish=wish, whole=whole)
    jsonschema.Draft202012Validator(schema).validate(made)
    if low < wish < high - 1:
        assert abs(made - wish) <= 0.5


@given(st.integers(1, 9), st.integers(0, 40), BOUND)
def test_it_is_a_multiple(step: int, low: int, wish: int) -> None:
    made = number_within({"multipleOf": step, "minimum": low}, wish=wish, whole=True)
    assert made % step == 0
    assert made >= low
