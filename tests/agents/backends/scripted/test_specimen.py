"""Specimens: JSON that fits a schema, whatever the schema; bounded, and the same each time."""

import datetime
import decimal
import enum
import uuid
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Meta

from agents.backends.scripted.specimen import MOST_VALUES, specimen
from agents.errors import BackendRejected


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Leaf(msgspec.Struct, tag="leaf"):
    value: int


class Tree(msgspec.Struct, tag="tree"):
    heading: str
    branches: "list[Tree | Leaf]"
    parent: "Tree | None" = None


class Everything(msgspec.Struct, forbid_unknown_fields=True):
    """A field of every kind that agents ask for."""

    title: Annotated[str, Meta(max_length=12)]
    explanation: Annotated[str, Meta(min_length=300)]
    colour: Colour
    kind: Literal["one", "two"]
    number: Annotated[int, Meta(gt=5, lt=7)]
    fraction: Annotated[float, Meta(gt=0, le=1)]
    even: Annotated[int, Meta(multiple_of=2, ge=3)]
    at: Annotated[datetime.datetime, Meta(tz=True)]
    on: datetime.date
    took: datetime.timedelta
    id: uuid.UUID
    price: decimal.Decimal
    raw: bytes
    maybe: str | None
    pair: tuple[int, str]
    anything: Any
    scores: dict[str, float]
    tags: Annotated[set[str], Meta(min_length=2)]
    sections: Annotated[list[Leaf], Meta(min_length=5)]
    tree: Tree
    note: str = ""


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from leaves(part)
    else:
        yield value


@pytest.mark.parametrize(
    "kind", [Everything, Tree, Leaf, list[Leaf], dict[str, Tree], int, Colour, str | None]
)
def test_it_fits_the_schema_of_a_type_and_is_read_as_one(kind: Any) -> None:
    schema = msgspec.json.schema(kind)
    made = specimen(schema)
    jsonschema.Draft202012Validator(schema).validate(made)
    msgspec.json.decode(msgspec.json.encode(made), type=kind)
    assert made == specimen(schema)


def test_it_reads_well() -> None:
    made = specimen(msgspec.json.schema(Tree))
    assert made["heading"] == "Every word you read here"
    assert len(made["branches"]) == 3
    assert made["branches"][0]["heading"] != made["heading"]


NUMBERS = st.integers(-1000, 1000)
FIELDS = st.one_of(
    st.sampled_from([str, int, float, bool, Any, Colour, str | None, list[str], dict[str, int], Leaf, Tree]),
    st.tuples(NUMBERS, NUMBERS).map(lambda bounds: Annotated[int, Meta(ge=min(bounds), le=max(bounds))]),
    st.tuples(NUMBERS, NUMBERS).map(
        lambda bounds: Annotated[float, Meta(gt=min(bounds), lt=max(bounds) + 1)]
    ),
    st.integers(0, 200).map(lambda size: Annotated[str, Meta(min_length=size, max_length=size + 5)]),
    st.integers(0, 9).map(lambda size: Annotated[list[int], Meta(min_length=size, max_length=size + 1)]),
    st.integers(1, 50).map(lambda step: Annotated[int, Meta(multiple_of=step)]),
)
NAMES = st.sampled_from(["title", "text", "items", "count", "was_changed", "explanation", "x"])


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(NAMES, FIELDS, min_size=1))
def test_it_fits_whatever_struct_is_asked_for(fields: dict[str, Any]) -> None:
    kind = msgspec.defstruct("Asked", list(fields.items()), forbid_unknown_fields=True)
    schema = msgspec.json.schema(kind)
    made = specimen(schema)
    jsonschema.Draft202012Validator(schema).validate(made)
    msgspec.json.decode(msgspec.json.encode(made), type=kind)


@pytest.mark.parametrize(
    ("schema", "fits"),
    [
        ({}, str),
        ({"type": ["string", "null"]}, str),
        ({"type": "array", "uniqueItems": True, "items": {"type": "boolean"}}, list),
        ({"allOf": [{"properties": {"a": {"type": "null"}}}, {"required": ["a"]}]}, dict),
        ({"anyOf": [{"const": 5}, {"type": "string"}]}, int),
        ({"properties": {"a": {}}, "required": ["a", "b"], "type": "object"}, dict),
        ({"type": "array", "prefixItems": [{"type": "null"}], "items": False}, list),
    ],
)
def test_schemas_written_by_hand_are_fitted_too(schema: dict[str, Any], fits: type) -> None:
    made = specimen(schema)
    assert isinstance(made, fits)
    jsonschema.Draft202012Validator(schema).validate(made)


NESTED: dict[str, Any] = {"type": "null"}
for _ in range(5000):
    NESTED = {"type": "array", "items": NESTED, "minItems": 1}


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"$ref": "#"}, "in a circle"),
        ({"anyOf": [{"$ref": "#"}]}, "in a circle"),
        ({"properties": {"a": {"$ref": "#"}}, "required": ["a"]}, "64 levels"),
        ({"type": "array", "items": {"$ref": "#"}, "minItems": 2}, f"{MOST_VALUES} values"),
        ({"type": "array", "minItems": 10**9}, f"{MOST_VALUES} values"),
        ({"type": "object", "additionalProperties": {}, "minProperties": 10**9}, f"{MOST_VALUES} values"),
        ({"type": "string", "minLength": 10**9}, "10000 characters"),
        ({"type": "object", "propertyNames": {"minLength": 10**9}, "minProperties": 1}, "knows no JSON"),
        ({"$ref": "https://example.com/schema"}, "within the schema"),
        ({"$ref": "#/$defs/missing"}, "cannot read"),
        ({"not": {"$ref": "https://example.com/schema"}}, "cannot read"),
        ({"type": "robot"}, "cannot read"),
        ({"type": "string", "pattern": "("}, "cannot read"),
        ({"type": "string", "pattern": "^[0-9]{9}$"}, "knows no JSON"),
        ({"type": "integer", "minimum": 5, "maximum": 4}, "knows no JSON"),
        ({"type": "number", "minimum": 1e308, "multipleOf": 1e-308}, "cannot read"),
        ({"properties": {"a": False}, "required": ["a"]}, "cannot read"),
        (NESTED, "cannot read|64 levels"),
    ],
    ids=lambda value: value if isinstance(value, str) else "schema",
)
def test_a_hostile_schema_is_refused(schema: dict[str, Any], reason: str) -> None:
    with pytest.raises(BackendRejected, match=reason):
        specimen(schema)
