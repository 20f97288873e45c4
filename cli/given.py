"""The input of a job as it is typed: KEY=VALUE is a text, KEY:=VALUE is JSON, KEY=- reads stdin."""

import json
import sys
from collections.abc import Iterable
from typing import Any

from cli.refusal import EXIT_USAGE, Refusal


def given_input(fields: Iterable[str], json_input: str | None = None) -> Any:
    """`json_input` (`-` is stdin), and over it the `fields`. Raises `Refusal`."""
    named = dict(map(_field, fields))
    if json_input is None:
        return named
    whole = json_of(sys.stdin.read() if json_input == "-" else json_input)
    if not named:
        return whole
    if not isinstance(whole, dict):
        raise Refusal("KEY=VALUE goes with an input that is a JSON object only.", EXIT_USAGE)
    return whole | named


def json_of(text: str) -> Any:
    """Raises `Refusal`."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refusal(f"{text[:60]!r} is not JSON: {error}.", EXIT_USAGE) from error


def _field(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name.rstrip(":"):
        raise Refusal(f"{text!r} is not KEY=VALUE.", EXIT_USAGE)
    if name.endswith(":"):
        return name[:-1], json_of(value)
    return name, sys.stdin.read() if value == "-" else value
