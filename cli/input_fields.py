"""What an agent takes, told from the JSON Schema of its input. Pure; the schema may be a stranger's."""

from typing import Any, Final

import msgspec

DEEPEST: Final = 4
MOST_KINDS: Final = 8
MOST_VALUES: Final = 50
_WORDS: Final = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "null": "null",
    "array": "list",
    "object": "object",
}
_LIMITS: Final = {
    "minLength": "length at least {}",
    "maxLength": "length at most {}",
    "minimum": "from {}",
    "maximum": "to {}",
    "exclusiveMinimum": "above {}",
    "exclusiveMaximum": "below {}",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "pattern": "matching {}",
}


class InputField(msgspec.Struct, frozen=True):
    """`presence`: `required`, `default …`, `optional` or which of several must be given."""

    name: str
    type: str
    presence: str
    description: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({self.type}, {self.presence})"


def input_fields(schema: dict[str, Any]) -> list[InputField]:
    """The fields of an object's schema; none where it takes any object."""
    properties, required = _table(schema.get("properties")), schema.get("required")
    alternatives = _alternatives(schema.get("oneOf"))
    definitions = _table(schema.get("$defs"))
    return [
        InputField(
            name=name,
            type=type_of(field, definitions),
            presence=_presence(name, _table(field), required, alternatives),
            description=_description(_table(field)),
        )
        for name, field in properties.items()
    ]


def type_of(schema: Any, definitions: dict[str, Any], depth: int = 0) -> str:
    """The type in words, such as `list of text`."""
    schema = _table(schema)
    if depth > DEEPEST:
        return "…"
    if isinstance(reference := schema.get("$ref"), str):
        return type_of(definitions.get(reference.rpartition("/")[2]), definitions, depth + 1)
    if isinstance(values := schema.get("enum"), list):
        return "one of " + ", ".join(map(_said, values[:MOST_VALUES]))
    if isinstance(kinds := schema.get("anyOf"), list):
        return " or ".join(
            dict.fromkeys(type_of(kind, definitions, depth + 1) for kind in kinds[:MOST_KINDS])
        )
    kind = schema.get("type")
    if kind == "array" and schema.get("items"):
        return f"list of {type_of(schema['items'], definitions, depth + 1)}"
    return _WORDS.get(kind, "anything") if isinstance(kind, str) else "anything"


def _presence(name: str, field: dict[str, Any], required: Any, alternatives: list[str]) -> str:
    if isinstance(required, list) and name in required:
        return "required"
    if name in alternatives:
        return "or ".join(["this ", *(other for other in alternatives if other != name)])
    return f"default {_said(field['default'])}" if "default" in field else "optional"


def _alternatives(kinds: Any) -> list[str]:
    """The fields of which exactly one must be given."""
    named = [_table(kind).get("required") for kind in kinds] if isinstance(kinds, list) else []
    return [str(names[0]) for names in named if isinstance(names, list) and len(names) == 1]


def _description(field: dict[str, Any]) -> str:
    limits = [words.format(field[name]) for name, words in _LIMITS.items() if name in field]
    told = field.get("description")
    return "; ".join([*([told.rstrip(".")] if isinstance(told, str) else []), *limits])


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _said(value: Any) -> str:
    return msgspec.json.encode(value).decode()
