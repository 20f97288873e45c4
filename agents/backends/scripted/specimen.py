"""A specimen of a JSON Schema: the smallest effort that fits it, told in sentences of the essay. Pure.

The same schema always gets the same specimen.
"""

import re
from collections.abc import Mapping
from functools import reduce
from itertools import cycle
from typing import Any, Final, TypeAlias

import msgspec

from agents.backends.scripted.essay import ESSAY
from agents.backends.scripted.specimen_number import number_within
from agents.backends.scripted.specimen_text import LONGEST, text_within
from agents.errors import BackendRejected

MOST_VALUES: Final = 2000
DEEPEST: Final = 64
SHALLOW: Final = 4
"""Below this depth nothing is said that need not be: schemas that refer to themselves come to an end."""
MOST_ITEMS: Final = 3

Schema: TypeAlias = Mapping[str, Any]
_TELLING: Final = {"properties": "object", "required": "object", "items": "array", "minimum": "number"}
_PLAIN: Final = ("null", "boolean", "integer", "number", "string")
_SENTENCES: Final = tuple(re.split(r"(?<=[.!?])\s+", ESSAY))


def specimen(schema: dict[str, Any]) -> Any:
    """A value that fits `schema`. Raises `BackendRejected` for one that is too large, deep or special."""
    # Not with the module: most processes never ask for JSON, and it takes a tenth of a second.
    import jsonschema  # noqa: PLC0415
    import referencing  # noqa: PLC0415

    try:
        jsonschema.Draft202012Validator.check_schema(schema)
        value = _Maker(schema).make(schema, "", 0)
        # Without a registry of its own it would fetch what a reference names.
        validator = jsonschema.Draft202012Validator(schema, registry=referencing.Registry())
        fits = validator.is_valid(value)
    except (
        jsonschema.exceptions.SchemaError,
        referencing.exceptions.Unresolvable,
        re.error,
        ArithmeticError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        raise BackendRejected("The scripted backend cannot read this JSON schema.") from error
    if not fits:
        raise BackendRejected("The scripted backend knows no JSON that fits this schema.")
    return value


class _Maker:
    def __init__(self, root: Schema) -> None:
        self._root = root
        self._made = 0
        self._sentences = cycle(_SENTENCES)

    def make(self, given: Any, name: str, depth: int) -> Any:
        """A value for the schema `given`, which belongs to the property `name`."""
        self._made += 1
        if self._made > MOST_VALUES or depth > DEEPEST:
            raise BackendRejected(
                f"The scripted backend makes JSON of {MOST_VALUES} values and {DEEPEST} levels at most."
            )
        schema = self._plain({} if given is True else given, depth)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return schema["enum"][0]
        return self._of_type(_type(schema), schema, name, depth)

    def _of_type(self, kind: str, schema: Schema, name: str, depth: int) -> Any:
        match kind:
            case "null":
                return None
            case "boolean":
                return True
            case "integer" | "number":
                return number_within(schema, wish=self._made, whole=kind == "integer")
            case "array":
                return self._array(schema, name, depth)
            case "object":
                return self._object(schema, name, depth)
            case _:
                return text_within(schema, name, self._sentences)

    def _plain(self, schema: Schema, depth: int) -> Schema:
        """`schema` with what it refers to put in, and one alternative chosen."""
        for _ in range(DEEPEST):
            if "$ref" in schema:
                schema = _merged(_without(schema, "$ref"), self._resolved(schema["$ref"]))
            elif word := next((word for word in ("anyOf", "oneOf") if word in schema), None):
                schema = _merged(_without(schema, word), _chosen(schema[word], depth))
            elif "allOf" in schema:
                schema = reduce(_merged, schema["allOf"], _without(schema, "allOf"))
            else:
                return schema
        raise BackendRejected("The scripted backend follows no reference in a circle.")

    def _resolved(self, reference: str) -> Schema:
        place: Any = self._root
        if not reference.startswith("#"):
            raise BackendRejected("The scripted backend follows references within the schema only.")
        for step in reference[1:].split("/")[1:]:
            place = place[step.replace("~1", "/").replace("~0", "~")]
        return place if isinstance(place, Mapping) else {}

    def _array(self, schema: Schema, name: str, depth: int) -> list[Any]:
        first: list[Any] = schema.get("prefixItems", [])
        items = schema.get("items", True)
        made = [self.make(item, name, depth + 1) for item in first]
        wanted = 0 if items is False else _items(schema, depth)
        while len(made) < wanted:
            made.append(self.make(items, name, depth + 1))
        return _unique(made) if schema.get("uniqueItems") else made

    def _object(self, schema: Schema, name: str, depth: int) -> dict[str, Any]:
        properties: Schema = schema.get("properties", {})
        others = schema.get("additionalProperties", True)
        required: list[str] = schema.get("required", [])
        names = [key for key in properties if depth < SHALLOW or key in required]
        made = {key: self.make(properties[key], key, depth + 1) for key in names}
        for key in required:
            if key not in made:
                made[key] = self.make(others, key, depth + 1)
        free = isinstance(others, Mapping) and not properties and depth < SHALLOW
        while len(made) < max(schema.get("minProperties", 0), int(free)):
            key = _key(schema.get("propertyNames", {}), len(made))
            made[key] = self.make(others, name, depth + 1)
        return made


def _without(schema: Schema, word: str) -> Schema:
    return {key: value for key, value in schema.items() if key != word}


def _merged(one: Schema, other: Schema) -> Schema:
    """Both of them: properties of both, and what both require."""
    both = {**one, **other}
    if "properties" in one and "properties" in other:
        both["properties"] = {**one["properties"], **other["properties"]}
    if "required" in one and "required" in other:
        both["required"] = [*one["required"], *other["required"]]
    return both


def _chosen(alternatives: list[Any], depth: int) -> Schema:
    """The first; far down a plain one, so that it comes to an end."""
    plain = [one for one in alternatives if isinstance(one, Mapping) and one.get("type") in _PLAIN]
    chosen: Schema = [*plain, alternatives[0]][0] if depth >= SHALLOW else alternatives[0]
    return chosen


def _type(schema: Schema) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = kind[0]
    return kind or next((kind for word, kind in _TELLING.items() if word in schema), "string")


def _items(schema: Schema, depth: int) -> int:
    least: int = schema.get("minItems", 0)
    return least if depth >= SHALLOW else max(least, min(MOST_ITEMS, schema.get("maxItems", MOST_ITEMS)))


def _key(schema: Schema, index: int) -> str:
    return f"part {index + 1}".ljust(min(schema.get("minLength", 0), LONGEST), ".")


def _unique(values: list[Any]) -> list[Any]:
    return list({msgspec.json.encode(value): value for value in values}.values())
