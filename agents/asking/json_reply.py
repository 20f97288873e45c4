"""Finds the JSON object in what a model says: alone, in a code fence, or with words around it. Pure."""

import json
from collections.abc import Iterator
from typing import Any, Final, NoReturn, TypeVar

import msgspec

from agents.surrogates import well_formed

T = TypeVar("T")

MOST_TRIED: Final = 100
"""So many braces at most are taken for the beginning of the object."""
READ_MOST: Final = 16 * 1024 * 1024
"""So many characters at most are read in vain, all tries together: nobody else has a turn meanwhile."""
_SAID_MOST: Final = 300
_NOT_ALLOWED: Final = "the JSON has a number or a depth that is not allowed"


class Misfit(ValueError):
    """There is no JSON object that fits; the message says why, in words that the model can use."""


def fitting(text: str, into: type[T]) -> T:
    """The first JSON object in `text` that fits `into`. Raises `Misfit`.

    Raw line breaks within strings are forgiven, as models write them. Half a surrogate pair becomes U+FFFD.
    """
    misfit = Misfit("there is no JSON object in the answer")
    for found in _objects(text):
        try:
            return msgspec.convert(_clean(found), into)
        except msgspec.ValidationError as error:
            misfit = Misfit(str(error)[:_SAID_MOST])
        except ValueError as error:
            misfit = error if isinstance(error, Misfit) else Misfit(str(error)[:_SAID_MOST])
        except RecursionError:
            misfit = Misfit(_NOT_ALLOWED)
    raise misfit


def _objects(text: str) -> Iterator[Any]:
    """What the braces of `text` begin, from left to right. Raises `Misfit` at the end if none is whole."""
    broken: Misfit | None = None
    at, tried, read, any_whole = text.find("{"), 0, 0, False
    while at >= 0 and tried < MOST_TRIED and read < READ_MOST:
        tried += 1
        try:
            value, end = _DECODER.raw_decode(text, at)
            any_whole = True
            yield value
        except json.JSONDecodeError as error:
            broken = broken or Misfit(f"the JSON is broken: {error.msg} at character {error.pos - at}")
            read, end = read + error.pos - at, at + 1
        except (ValueError, RecursionError):
            broken = broken or Misfit(_NOT_ALLOWED)
            read, end = read + len(text) - at, at + 1
        at = text.find("{", end)
    if broken is not None and not any_whole:
        raise broken


def _clean(value: Any) -> Any:
    """`value` with well-formed strings only."""
    if isinstance(value, str):
        return well_formed(value)
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {well_formed(key): _clean(item) for key, item in value.items()}
    return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


_DECODER: Final = json.JSONDecoder(strict=False, parse_constant=_refuse)
