"""The native programs: compiled when they are needed, into a folder that git ignores."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import msgspec

from bench.processes import CHECKOUT, BenchError

SOURCES: Final = CHECKOUT / "bench" / "native"
BUILD: Final = CHECKOUT / ".bench"
COMPILERS: Final = ("cc", "gcc", "clang")
OTHERS: Final = "Without it, choose from the programs publish, append, streams, burst and paced."
FLAGS: Final = ("-O2", "-std=gnu11", "-Wall", "-Wextra")


class Native(msgspec.Struct, frozen=True):
    """Paths of the programs; their first lines of source say how to call them."""

    load: Path
    publish: Path
    limit_server: Path


def build() -> Native:
    """Raises `BenchError` where there is no epoll or no compiler, or the compiler refuses."""
    if sys.platform != "linux":
        raise BenchError(f"the load client needs Linux' epoll. {OTHERS}")
    BUILD.mkdir(exist_ok=True)
    return Native(*(_built(name) for name in ("load", "publish", "limit_server")))


def compiler() -> str:
    """The one that `CC` names, or the first that is found. Raises `BenchError`."""
    for name in (os.environ.get("CC", ""), *COMPILERS):
        if name and (path := shutil.which(name)):
            return path
    raise BenchError(
        "no C compiler was found, which the load client needs: install gcc or clang, or name one with CC=... "
        + OTHERS
    )


def _built(name: str) -> Path:
    program = BUILD / name
    changed = max(path.stat().st_mtime_ns for path in SOURCES.iterdir())
    if not program.exists() or program.stat().st_mtime_ns < changed:
        _compile(SOURCES / f"{name}.c", program)
    return program


def _compile(source: Path, program: Path) -> None:
    """Under another name first: a bench that runs at the same time never sees half a program."""
    half = program.with_suffix(f".{os.getpid()}")
    command = [compiler(), *FLAGS, "-o", str(half), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchError(f"{source.name} could not be compiled.\n{done.stderr[-2000:]}")
    half.replace(program)
