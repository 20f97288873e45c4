"""The innermost loop of the fan-out in C, built where a compiler is; elsewhere Python does the same work."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from launch.install.command import Command
from launch.install.stamp import Stamp, digest_of

MODULE: Final = "_jobcast_broadcast"
SOURCE: Final = Path("realtime", "fan_out", "native", "broadcast.c")
_ON_MACOS: Final = ("-bundle", "-undefined", "dynamic_lookup")
_FLAGS: Final = ("-O2", "-fPIC", *(_ON_MACOS if sys.platform == "darwin" else ("-shared",)))
_DESCRIBE: Final = (
    "import sys, sysconfig; "
    "print(sys.version.replace('\\n', ' '), *map(sysconfig.get_path, ('include', 'platlib')), "
    "sysconfig.get_config_var('EXT_SUFFIX'), sep='\\n')"
)


class _NotBuilt(Exception):
    """The message says why, without a full stop."""


class _Python(NamedTuple):
    """What the module is built for."""

    version: str
    include: str
    site: str
    suffix: str

    @property
    def has_headers(self) -> bool:
        return Path(self.include, "Python.h").is_file()

    @property
    def module(self) -> Path:
        return Path(self.site, MODULE + self.suffix)


def ensure_native(root: Path, interpreter: Path) -> None:
    """Builds the module when what it is made from has changed; what prevents that is one line, no failure."""
    try:
        _ensure(root, interpreter)
    except (OSError, _NotBuilt) as obstacle:
        print(
            f"jobcast: {SOURCE} is not built: {obstacle}. Python does its work, about a fifth slower.",
            flush=True,
        )


def _ensure(root: Path, interpreter: Path) -> None:
    python = _Python(*_output([interpreter, "-c", _DESCRIBE]).splitlines())
    compiler = _compiler()
    facts = [*python, str(python.has_headers), *compiler]
    stamp = Stamp(root / ".venv" / "jobcast-native", digest_of([root / SOURCE], *facts))
    if stamp.holds():
        return
    try:
        _build(root, interpreter, python, compiler)
    except _NotBuilt:
        # One of another source must not stay; nor is the same attempt made at every start.
        python.module.unlink(missing_ok=True)
        stamp.set()
        raise
    stamp.set()


def _compiler() -> list[str]:
    """The command of CC, or the first compiler on PATH; empty when there is none."""
    if named := os.environ.get("CC", "").split():
        return named
    return [name for name in ("cc", "gcc", "clang") if shutil.which(name)][:1]


def _build(root: Path, interpreter: Path, python: _Python, compiler: list[str]) -> None:
    """Replaces the module in one step, and only by one that can be imported."""
    if not compiler:
        raise _NotBuilt("there is no C compiler")
    if not python.has_headers:
        raise _NotBuilt(f"{python.include}/Python.h is missing")
    with TemporaryDirectory(dir=root / ".venv") as directory:
        made = Path(directory, python.module.name)
        _output([*compiler, *_FLAGS, f"-I{python.include}", root / SOURCE, "-o", made])
        _output([interpreter, "-c", f"import {MODULE}"], PYTHONPATH=directory)
        made.replace(python.module)


def _output(command: Command, **environ: str) -> str:
    """What `command` prints. Raises `_NotBuilt` with the line of its messages that says most."""
    environment: Mapping[str, str] = {**os.environ, "LC_ALL": "C", **environ}
    try:
        answer = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise _NotBuilt(f"{command[0]} cannot be run: {error.strerror}") from error
    if answer.returncode:
        raise _NotBuilt(f"{command[0]} failed: {_complaint(answer.stderr, answer.returncode)}")
    return answer.stdout


def _complaint(messages: str, exit_code: int) -> str:
    lines = [line for line in messages.splitlines() if "error" in line.lower()]
    return lines[0].strip().rstrip(".") if lines else f"exit code {exit_code}"
