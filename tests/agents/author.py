"""What an author does: writes a module and has it loaded."""

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

WriteModule = Callable[[str, str], str]
"""Writes `(name, source)` where it can be imported; returns the name."""


@contextmanager
def written_modules(directory: Path) -> Iterator[WriteModule]:
    """The modules that are written are forgotten at the end."""
    roots: set[str] = set()

    def write(name: str, source: str) -> str:
        path = directory.joinpath(*name.split(".")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
        importlib.invalidate_caches()
        roots.add(name.partition(".")[0])
        return name

    sys.path.insert(0, str(directory))
    try:
        yield write
    finally:
        sys.path.remove(str(directory))
        for name in [name for name in sys.modules if name.partition(".")[0] in roots]:
            del sys.modules[name]
