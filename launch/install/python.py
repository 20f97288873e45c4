"""The virtual environment `.venv` and the packages in it, at the versions of `constraints.txt`."""

import subprocess
import sys
import tomllib
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from launch.install.command import Command, run
from launch.install.failure import InstallFailure
from launch.install.stamp import Stamp, digest_of


def install_packages(root: Path, *, extras: Sequence[str]) -> Path:
    """What pyproject.toml depends on, with `extras`. Returns the environment's interpreter."""
    interpreter = _environment(root)
    # With the extras, everything that is needed without them is there too.
    wanted = [_stamp(root, extras), _stamp(root, ["test"])]
    if not any(stamp.holds() for stamp in wanted):
        pip_install(root, interpreter, requirements(root, extras))
        wanted[0].set()
    return interpreter


def pip_install(root: Path, interpreter: Path, packages: Sequence[str]) -> None:
    pip: Command = [interpreter, "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    constraints: Command = ["--constraint", root / "constraints.txt"]
    what = f"Installing {packages[0] if len(packages) == 1 else 'Python packages'} into .venv"
    run(what, [*pip, *constraints, *packages], cwd=root)


def requirements(root: Path, extras: Sequence[str]) -> list[str]:
    """The project itself is not among them: it runs from its checkout."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [
        *project["dependencies"],
        *(name for extra in extras for name in project["optional-dependencies"][extra]),
    ]


def _stamp(root: Path, extras: Sequence[str]) -> Stamp:
    digest = digest_of([root / "pyproject.toml", root / "constraints.txt"], *extras)
    return Stamp(root / ".venv" / f"jobcast-{'-'.join(['run', *extras])}", digest)


def _environment(root: Path) -> Path:
    interpreter = root / ".venv" / "bin" / "python"
    if not _works(interpreter):
        if not find_spec("venv") or not find_spec("ensurepip"):
            raise InstallFailure(
                f"{sys.executable} lacks the modules venv and ensurepip: install python3-venv."
            )
        version = ".".join(map(str, sys.version_info[:3]))
        run(
            f"Creating .venv with Python {version}",
            [sys.executable, "-m", "venv", "--clear", ".venv"],
            cwd=root,
        )
    return interpreter


def _works(interpreter: Path) -> bool:
    """Not so when the Python that made the environment is gone, or an old one made it."""
    check = "import pip, sys; sys.exit(sys.version_info < (3, 11))"
    try:
        return subprocess.run([interpreter, "-c", check], capture_output=True, check=False).returncode == 0
    except OSError:
        return False
