"""Schemas in Anthropic's words: nothing that it refuses, and nothing that allows less than was asked for."""

from typing import Annotated, Any

import msgspec
import pytest

from agents.backends.dialects.anthropic_schema import accepted


class Place(msgspec.Struct):
    name: Annotated[str, msgspec.Meta(min_length=1)]
    height_m: Annotated[float, msgspec.Meta(ge=0, description="Above the sea.")] | None = None


class Trip(msgspec.Struct):
    places: Annotated[list[Place], msgspec.Meta(max_length=3)]


def test_a_struct_of_ours_is_said_without_its_limits() -> None:
    assert accepted(msgspec.json.schema(Trip)) == {
        "$ref": "#/$defs/Trip",
        "$defs": {
            "Trip": {
                "title": "Trip",
                "type": "object",
                "properties": {"places": {"type": "array", "items": {"$ref": "#/$defs/Place"}}},
                "required": ["places"],
                "additionalProperties": False,
            },
            "Place": {
                "title": "Place",
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "height_m": {
                        "anyOf": [{"type": "number", "description": "Above the sea."}, {"type": "null"}]
                    },
                },
                "required": ["name"],
                "additionalProperties": False,
            },
        },
    }


def test_one_of_is_any_of() -> None:
    assert accepted({"oneOf": [{"type": "string"}, {"const": 1}]}) == {
        "anyOf": [{"type": "string"}, {"const": 1}]
    }


def nested(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(depth):
        schema = {"type": "array", "items": schema}
    return schema


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "object"},
        {"type": "object", "additionalProperties": {"type": "string"}},
        {"type": "object", "properties": {"anything": {}}},
        {
            "type": "object",
            "properties": {"a": {"type": "string"}},
            "additionalProperties": {"type": "string"},
        },
        {"type": "object", "properties": []},
        {"type": "array", "items": True},
        {"anyOf": 5},
        {"allOf": [5]},
        nested(1000),
    ],
)
def test_what_cannot_be_said_is_not_said(schema: dict[str, Any]) -> None:
    assert accepted(schema) is None
