"""The files that authors' code stands in: what was imported, and what an import failed for."""

import sys
import sysconfig
import traceback
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from launch.checkout import PACKAGES, checkout_root

_INSTALLED: Final = ("site-packages", "dist-packages")


def loaded_sources() -> set[str]:
    """The files of all imported modules that are an author's."""
    files = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
    return {file for file in files if isinstance(file, str) and is_authors(file)}


def blamed_sources(error: BaseException | None) -> set[str]:
    """The files that `error`, and what it came from, speak of; some of them may not be there yet."""
    found: set[str] = set()
    while error is not None:
        found.update(frame.filename for frame in traceback.extract_tb(error.__traceback__))
        if isinstance(error, SyntaxError) and error.filename:
            found.add(error.filename)
        if isinstance(error, ImportError) and error.name:
            found.update(_places_of(error.name))
        error = error.__cause__ or error.__context__
    return {file for file in found if is_authors(file)}


@cache
def is_authors(file: str) -> bool:
    """Neither Python's own, nor installed, nor ours."""
    path = Path(file)
    if not path.is_absolute() or any(part in _INSTALLED for part in path.parts):
        return False
    return not any(path.is_relative_to(root) for root in _others())


@cache
def _others() -> tuple[Path, ...]:
    python = (Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib"))
    ours = (checkout_root() / package for package in PACKAGES)
    return (*python, *ours)


def _places_of(module: str) -> Iterator[str]:
    """Where `module` would be found."""
    parts = module.split(".")
    for entry in sys.path:
        place = Path(entry or ".").absolute().joinpath(*parts)
        yield str(place.with_name(f"{place.name}.py"))
        yield str(place / "__init__.py")
