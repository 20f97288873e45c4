"""Whether our packages are ours: `agents` and `realtime` are also the import names of other projects.

Jobcast runs from its checkout. A package of the same name that Python finds first would be run in our place,
so every entry point calls `verify_checkout` before it imports the rest.
"""

from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from launch.startup import StartupError

PACKAGES: Final = ("agents", "workers", "realtime", "shared_events", "launch", "cli")


def checkout_root() -> Path:
    """The directory that holds `launch` and its sister packages."""
    return Path(__file__).resolve().parent.parent


def verify_checkout() -> None:
    """Raises `StartupError` that names the rival when one of our packages comes from elsewhere."""
    for name in PACKAGES:
        # Not merely below the root: a virtual environment with a rival in it may be there too.
        _verify(name, (checkout_root() / name).resolve())


def _verify(name: str, expected: Path) -> None:
    spec = find_spec(name)
    if spec is None:
        raise StartupError(
            f"The package {name} is not in {expected.parent}: start Jobcast from a whole checkout."
        )
    found = _location(spec)
    if found != expected:
        raise StartupError(
            f"The package {name} would come from {found} instead of {expected}: "
            "uninstall it or take its directory out of PYTHONPATH."
        )


def _location(spec: ModuleSpec) -> Path | None:
    """Where a package's directory or a plain module's file is; None for what has no file."""
    if spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations))).resolve()
    return Path(spec.origin).resolve() if spec.has_location and spec.origin else None
