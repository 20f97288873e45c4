"""Says a JSON Schema in the words that Anthropic's structured outputs know. Pure.

They refuse a schema with other words. So limits of numbers and lengths are left out: the answer is checked
by who asked for it. https://platform.claude.com/docs/en/build-with-claude/structured-outputs
"""

from typing import Any, Final

_KEPT: Final = ("$ref", "type", "enum", "const", "description", "title", "required")
_CHOICES: Final = {"anyOf": "anyOf", "oneOf": "anyOf", "allOf": "allOf"}
_CONSTRAINTS: Final = {"$ref", "type", "enum", "const", "anyOf", "allOf"}
_DEEPEST: Final = 50


class _Inexpressible(Exception):
    """Some part of the schema would allow less than it should, or anything."""


def accepted(schema: dict[str, Any]) -> dict[str, Any] | None:
    """`schema` as they take it; None where they cannot say it: objects of any keys, parts of any type."""
    try:
        return _said(schema, 0)
    except _Inexpressible:
        return None


def _said(schema: Any, depth: int) -> dict[str, Any]:
    if not isinstance(schema, dict) or depth > _DEEPEST:
        raise _Inexpressible
    said = {name: schema[name] for name in _KEPT if name in schema}
    if "$defs" in schema:
        said["$defs"] = _each(schema["$defs"], depth)
    for name, known in _CHOICES.items():
        if name in schema:
            said[known] = _all(schema[name], depth)
    if said.get("type") == "object":
        said |= _object(schema, depth)
    if said.get("type") == "array":
        said["items"] = _said(schema.get("items"), depth + 1)
    if not said.keys() & _CONSTRAINTS:
        raise _Inexpressible
    return said


def _object(schema: dict[str, Any], depth: int) -> dict[str, Any]:
    if not schema.get("properties") or schema.get("additionalProperties"):
        raise _Inexpressible
    return {"properties": _each(schema["properties"], depth), "additionalProperties": False}


def _each(schemas: Any, depth: int) -> dict[str, Any]:
    if not isinstance(schemas, dict):
        raise _Inexpressible
    return {name: _said(schema, depth + 1) for name, schema in schemas.items()}


def _all(schemas: Any, depth: int) -> list[Any]:
    if not isinstance(schemas, list):
        raise _Inexpressible
    return [_said(schema, depth + 1) for schema in schemas]
