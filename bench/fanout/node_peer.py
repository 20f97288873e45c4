"""The peer in Node: its packages come from npm, at the first run, into a folder that git ignores."""

import shutil
import subprocess
from pathlib import Path
from typing import Final

import msgspec

from bench.fanout.native import BUILD
from bench.processes import CHECKOUT

SOURCES: Final = CHECKOUT / "bench" / "peers"
INSTALLED: Final = BUILD / "peers"
PACKAGE: Final = "package.json"
SERVER: Final = "socket_io_server.js"
INSTALL: Final = ("install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--silent")
INSTALL_WITHIN_S: Final = 120
_SAYS_MOST: Final = 80


class LeftOut(Exception):
    """A peer cannot be measured on this machine; the message says why, for the table."""


def node_command() -> list[str]:
    """What starts the peer, before its arguments. Installs what is missing. Raises `LeftOut`."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise LeftOut(f"{'node' if node is None else 'npm'} was not found")
    INSTALLED.mkdir(parents=True, exist_ok=True)
    for name in (PACKAGE, SERVER):
        shutil.copy(SOURCES / name, INSTALLED)
    if not _is_installed():
        _install(npm)
    return [node, str(INSTALLED / SERVER)]


def _is_installed() -> bool:
    wanted = Package.of(SOURCES / PACKAGE).dependencies
    found = {name: INSTALLED / "node_modules" / name / PACKAGE for name in wanted}
    return all(path.is_file() and Package.of(path).version == wanted[name] for name, path in found.items())


def _install(npm: str) -> None:
    try:
        done = subprocess.run(
            [npm, *INSTALL],
            cwd=INSTALLED,
            capture_output=True,
            text=True,
            check=False,
            timeout=INSTALL_WITHIN_S,
        )
    except subprocess.TimeoutExpired:
        raise LeftOut(f"npm install took more than {INSTALL_WITHIN_S} s") from None
    if done.returncode != 0 or not _is_installed():
        said = done.stderr.strip().splitlines() or ["it said nothing"]
        raise LeftOut(f"npm install failed: {said[0][:_SAYS_MOST]}")


class Package(msgspec.Struct):
    """The part of a package.json that matters here."""

    version: str = ""
    dependencies: dict[str, str] = {}

    @classmethod
    def of(cls, path: Path) -> "Package":
        return msgspec.json.decode(path.read_bytes(), type=cls)
