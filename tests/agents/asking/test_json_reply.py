"""The JSON in what models say: found wherever it stands, refused in words that say what is wrong."""

import json
from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from agents.asking.json_reply import Misfit, fitting
from agents.surrogates import well_formed


class Shop(msgspec.Struct, frozen=True):
    name: str
    open: bool
    goods: Annotated[tuple[str, ...], Meta(min_length=1)] = ("tea",)


GOOD = '{"name": "Tea & Co", "open": true}'
SHOP = Shop("Tea & Co", True)
shops = st.builds(Shop, st.text(), st.booleans(), st.lists(st.text(), min_size=1).map(tuple))


@pytest.mark.parametrize(
    "said",
    [
        GOOD,
        f"```json\n{GOOD}\n```",
        f"```\n{GOOD}",
        f"Here you are:\n\n{GOOD}\n\nIs there anything else?",
        f"The set {{1, 2}} and {{}} come first. {GOOD} {{",
        f'{{"other": 1}} {GOOD}',
        f"\ufeff  {GOOD}",
        f"[{GOOD}]",
        GOOD.replace("true", 'true, "more": {"name": 1}'),
    ],
)
def test_an_object_is_found_wherever_it_stands(said: str) -> None:
    assert fitting(said, Shop) == SHOP


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("", "there is no JSON object in the answer"),
        ("Sorry, I cannot.", "there is no JSON object in the answer"),
        (GOOD[:-1], "the JSON is broken: Expecting ',' delimiter at character 33"),
        ('{"name": "Tea', "the JSON is broken: Unterminated string"),
        ('{"name": "Tea & Co"}', "missing required field `open`"),
        ('{"name": "Tea & Co", "open": "yes"}', r"Expected `bool`, got `str` - at `\$.open`"),
        ('{"name": "Tea & Co", "open": true, "goods": []}', "of length >= 1"),
        ('{"name": NaN, "open": true}', "a number or a depth that is not allowed"),
        ('{"name": ' + "1" * 5000 + "}", "a number or a depth that is not allowed"),
        ('{"name": ' + "[" * 200_000, "a number or a depth that is not allowed"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_reason(said: str, reason: str) -> None:
    with pytest.raises(Misfit, match=reason):
        fitting(said, Shop)


def test_raw_line_breaks_and_half_a_surrogate_pair_are_forgiven() -> None:
    assert fitting('{"name": "a\nb \\ud83c", "open": false}', Shop) == Shop("a\nb \ufffd", False)


@pytest.mark.parametrize("depth", range(100, 1200, 50))
def test_an_object_however_deep_is_a_misfit(depth: int) -> None:
    with pytest.raises(Misfit):
        fitting('{"name":' + "[" * depth + "]" * depth + "}", Shop)


def test_a_long_text_is_not_read_for_each_of_its_braces() -> None:
    with pytest.raises(Misfit):
        fitting(('{"name":[' + "1," * 20_000) * 100 + GOOD, Shop)


def test_a_flood_of_braces_ends_soon() -> None:
    with pytest.raises(Misfit):
        fitting('{"a' * 300_000, Shop)


@given(shops, st.text("}[]abc: \n"), st.text())
def test_whatever_is_around_it_the_object_is_found(shop: Shop, before: str, after: str) -> None:
    said = json.dumps(msgspec.to_builtins(shop))
    assert fitting(f"{before}{said}{after}", Shop) == shop


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_whatever_comes_it_fits_or_is_a_misfit(value: Any) -> None:
    try:
        found = fitting(json.dumps(value), Shop)
    except Misfit:
        return
    assert isinstance(found, Shop)
    assert found.name == well_formed(found.name)
