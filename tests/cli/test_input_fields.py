"""Input fields: a schema is told in words, whoever wrote it."""

from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta

from agents import find_agent
from agents.schema import input_schema
from cli.input_fields import InputField, input_fields


class Point(msgspec.Struct):
    x: int


class Everything(msgspec.Struct):
    text: Annotated[str, Meta(min_length=1, description="Some text.")]
    many: list[Point]
    either: int | str
    kind: Literal["a", "b"] = "a"
    share: Annotated[float, Meta(ge=0, le=1)] = 0.5
    maybe: bool | None = None
    anything: Any = 1
    nested: Point = msgspec.field(default_factory=lambda: Point(1))


def test_every_kind_of_field_is_told_in_words() -> None:
    assert [str(field) for field in input_fields(input_schema(Everything))] == [
        "text (text, required)",
        "many (list of object, required)",
        "either (whole number or text, required)",
        'kind (one of "a", "b", default "a")',
        "share (number, default 0.5)",
        "maybe (true or false or null, default null)",
        "anything (anything, default 1)",
        "nested (object, optional)",
    ]


def test_a_description_tells_the_limits_too() -> None:
    described = {field.name: field.description for field in input_fields(input_schema(Everything))}
    assert (described["text"], described["share"]) == ("Some text; length at least 1", "from 0; to 1")


def test_of_alternatives_one_must_be_given() -> None:
    schema = find_agent("chat").entry().input_schema
    prompt, messages, *_ = input_fields(schema)
    assert (prompt.presence, messages.presence) == ("this or messages", "this or prompt")


def test_any_object_has_no_fields() -> None:
    assert input_fields(input_schema(dict[str, Any])) == []


@pytest.mark.parametrize(
    ("field", "told"),
    [
        (None, "anything"),
        ({"type": ["string", "null"]}, "anything"),
        ({"type": "x"}, "anything"),
        ({"$ref": "#/$defs/loop"}, "list of list of …"),
        ({"$ref": "#/$defs/none"}, "anything"),
        ({"enum": "a"}, "anything"),
    ],
)
def test_a_schema_that_makes_no_sense_is_told_as_far_as_it_does(field: Any, told: str) -> None:
    loop = {"type": "array", "items": {"$ref": "#/$defs/loop"}}
    schema = {"properties": {"f": field}, "$defs": {"loop": loop}, "required": 1, "oneOf": [1]}
    (only,) = input_fields(schema)
    assert isinstance(only, InputField)
    assert (only.name, only.presence) == ("f", "optional")
    assert only.type == told


def test_properties_that_are_none_are_no_fields() -> None:
    assert input_fields({"properties": [1], "$defs": 5}) == []
