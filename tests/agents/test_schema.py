"""Schema: every agent's input has one valid JSON Schema that stands for itself."""

from typing import Annotated, Any, Literal

import jsonschema
import msgspec
import pytest
from msgspec import Meta

from agents.errors import InvalidAgent
from agents.schema import DIALECT, input_schema


class Stop(msgspec.Struct, forbid_unknown_fields=True):
    city: str
    nights: Annotated[int, Meta(ge=1)] = 1


class Trip(msgspec.Struct, forbid_unknown_fields=True):
    """A journey."""

    stops: Annotated[list[Stop], Meta(min_length=1)]
    kind: Literal["train", "boat"] = "train"


class Tree(msgspec.Struct):
    children: "list[Tree]" = []


class Pair(msgspec.Struct, array_like=True):
    left: int


class Nested(msgspec.Struct):
    stop: Stop


def accepts(schema: dict[str, Any], value: object) -> bool:
    return bool(jsonschema.Draft202012Validator(schema).is_valid(value))


@pytest.mark.parametrize("input_type", [Trip, Tree, Stop, Nested, dict[str, Any], dict[str, Stop]])
def test_the_schema_is_valid_and_an_object(input_type: Any) -> None:
    schema = input_schema(input_type)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == DIALECT
    assert schema["type"] == "object"
    assert "$ref" not in schema


def test_a_nested_struct_is_checked_through_its_reference() -> None:
    schema = input_schema(Trip)
    assert list(schema["$defs"]) == ["Stop"]
    assert schema["description"] == "A journey."
    assert accepts(schema, {"stops": [{"city": "Åbo"}]})
    assert not accepts(schema, {"stops": []})
    assert not accepts(schema, {"stops": [{"city": "Åbo", "nights": 0}]})
    assert not accepts(schema, {"stops": [{"city": "Åbo"}], "more": 1}), "unknown fields are forbidden"


def test_definitions_that_need_each_other_are_all_there() -> None:
    schema = input_schema(dict[str, Nested])
    assert sorted(schema["$defs"]) == ["Nested", "Stop"]
    assert not accepts(schema, {"a": {"stop": {}}})


def test_a_struct_that_contains_itself_keeps_its_definition() -> None:
    schema = input_schema(Tree)
    assert accepts(schema, {"children": [{"children": []}]})
    assert not accepts(schema, {"children": [{"children": 1}]})
    assert accepts(schema, {"other": 1}), "unknown fields are allowed unless the struct forbids them"


def test_extra_schema_of_an_annotation_is_kept() -> None:
    extra = Meta(extra_json_schema={"oneOf": [{"required": ["city"]}]})
    schema = input_schema(Annotated[Stop, extra])
    assert schema["oneOf"] == [{"required": ["city"]}]
    assert schema["properties"]["city"] == {"type": "string"}


def test_the_schema_accepts_what_msgspec_accepts() -> None:
    given = {"stops": [{"city": "Bari", "nights": 3}], "kind": "boat"}
    assert accepts(input_schema(Trip), given)
    assert msgspec.convert(given, Trip).stops[0].nights == 3


@pytest.mark.parametrize("input_type", [int, str, list[Stop], Pair, Stop | None, Any])
def test_what_is_no_json_object_is_refused(input_type: Any) -> None:
    with pytest.raises(InvalidAgent, match="is no JSON object: use a msgspec Struct or a dict"):
        input_schema(input_type)


def test_a_type_without_a_schema_is_refused_by_name() -> None:
    with pytest.raises(InvalidAgent, match="The input type SurrogateJoiner has no JSON Schema"):
        from agents.surrogates import SurrogateJoiner

        input_schema(SurrogateJoiner)
