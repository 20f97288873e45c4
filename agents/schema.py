"""The JSON Schema of an agent's input, as one document that stands for itself."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from agents.errors import InvalidAgent

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_REF: Final = "#/$defs/"


def input_schema(input_type: Any) -> dict[str, Any]:
    """JSON Schema 2020-12 of `input_type`: an object, with only those `$defs` that it refers to.

    Raises `InvalidAgent` for a type that is no JSON object, or that has no schema.
    """
    try:
        generated = msgspec.json.schema(input_type)
    except (TypeError, NameError) as error:
        reason = str(error).partition("\n")[0].rstrip(":")
        raise InvalidAgent(f"The input type {_name(input_type)} has no JSON Schema: {reason}.") from error
    definitions = generated.pop("$defs", {})
    root = _resolved(generated, definitions)
    if root.get("type") != "object":
        raise InvalidAgent(
            f"The input type {_name(input_type)} is no JSON object: use a msgspec Struct or a dict."
        )
    used = _used(root, definitions)
    return {"$schema": DIALECT, **root, **({"$defs": used} if used else {})}


def _resolved(root: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """`root` with the definition that it is a reference to put in its place."""
    while isinstance(reference := root.get("$ref"), str):
        beside = {key: value for key, value in root.items() if key != "$ref"}
        root = {**definitions[reference.removeprefix(_REF)], **beside}
    return root


def _used(root: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """The definitions that `root` needs, directly or through each other."""
    used: dict[str, Any] = {}
    wanted = list(_references(root))
    while wanted:
        name = wanted.pop()
        if name in definitions and name not in used:
            used[name] = definitions[name]
            wanted.extend(_references(definitions[name]))
    return {name: used[name] for name in definitions if name in used}


def _references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(reference := node.get("$ref"), str):
            yield reference.removeprefix(_REF)
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from _references(item)


def _name(input_type: Any) -> str:
    return str(getattr(input_type, "__name__", input_type))
