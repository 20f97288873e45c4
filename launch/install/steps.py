"""What each level of installation consists of, in order. A level that is up to date costs next to nothing."""

import fcntl
import os
import sys
from pathlib import Path
from typing import Final

from launch.install import browser, native, node, python
from launch.install.failure import InstallFailure

LEVELS: Final = ("run", "dev", "test")
"""`run` for the application; `dev` adds the tools for checks and tests; `test` adds a browser."""


def main(level: str) -> int:
    """Installs `level`. The exit code; what went wrong is one sentence on stderr."""
    try:
        install(level, Path(__file__).resolve().parents[2])
    except InstallFailure as failure:
        print(f"jobcast: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def install(level: str, root: Path) -> None:
    """Raises `InstallFailure`."""
    if level not in LEVELS:
        raise InstallFailure(f"{level!r} is no level of installation: use one of {', '.join(LEVELS)}.")
    for_tests = level != "run"
    # Two `make` at once take turns: the lock goes with the process.
    turn = os.open(root, os.O_RDONLY)
    fcntl.flock(turn, fcntl.LOCK_EX)
    interpreter = python.install_packages(root, extras=["test"] if for_tests else [])
    native.ensure_native(root, interpreter)
    node.install_assets(root, interpreter, for_tests=for_tests)
    if level == "test":
        browser.ensure_browser(interpreter)
    os.close(turn)
