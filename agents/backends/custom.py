"""A backend that an author wrote: found by its dotted path, called, and checked to be one."""

import importlib
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from agents.backends.protocol import Backend
from agents.errors import InvalidBackend

LONGEST_REASON: Final = 300
_METHODS: Final = ("stream", "aclose")
_TEXTS: Final = ("name", "kind", "description")


def custom_backend(name: str, factory: str, options: Mapping[str, Any]) -> Backend:
    """What `factory` (`module:attribute`) makes of `options`, its keyword arguments.

    Raises `InvalidBackend`.
    """
    make = _found(name, factory)
    try:
        made = make(**options)
    except (Exception, SystemExit) as error:  # an author's code may raise anything
        raise _failed(name, f"{factory} refused its options", error, options) from error
    if complaint := _complaint(made):
        raise InvalidBackend(
            f"The backend {name!r} cannot be used: {factory} made a {type(made).__name__[:60]}, {complaint}."
        )
    return cast("Backend", made)


def _found(name: str, factory: str) -> Callable[..., object]:
    module, _, path = factory.partition(":")
    try:
        found: object = importlib.import_module(module)
        for attribute in path.split("."):
            found = getattr(found, attribute)
    except (Exception, SystemExit) as error:
        raise _failed(name, f"{factory} cannot be imported", error) from error
    if not callable(found):
        kind = type(found).__name__
        raise InvalidBackend(f"The backend {name!r} cannot be used: {factory} is a {kind}, not callable.")
    return found


def _failed(
    name: str, what: str, error: BaseException, options: Mapping[str, Any] | None = None
) -> InvalidBackend:
    """The author's words, on one line, without the values of the options: a key may be among them."""
    words = " ".join(str(error).split())
    for value in (options or {}).values():
        if isinstance(value, str) and value:
            words = words.replace(value, "…")
    reason = f"{type(error).__name__}: {words[:LONGEST_REASON]}".rstrip(": .")
    return InvalidBackend(f"The backend {name!r} cannot be used: {what}: {reason}.")


def _complaint(made: object) -> str | None:
    """What keeps it from being a `Backend`."""
    for method in _METHODS:
        if not callable(getattr(made, method, None)):
            return f"which has no method {method!r}"
    for text in _TEXTS:
        if not isinstance(getattr(made, text, None), str):
            return f"whose {text!r} is no text"
    models = getattr(made, "models", None)
    if not isinstance(models, list | tuple) or not all(isinstance(model, str) for model in models):
        return "whose 'models' is no list of texts"
    return None
