"""Runs an installer, saying before what is done and afterwards how long it took."""

import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from launch.install.failure import InstallFailure

Command = Sequence[str | Path]


def run(what: str, command: Command, *, cwd: Path, environ: Mapping[str, str] | None = None) -> None:
    """Runs `command`; its own messages go to the terminal. Raises `InstallFailure` when it fails."""
    print(f"jobcast: {what} …", flush=True)
    started = time.monotonic()
    try:
        subprocess.run(command, cwd=cwd, env=environ, stdin=subprocess.DEVNULL, check=True)
    except subprocess.CalledProcessError as error:
        raise InstallFailure(
            f"{what} failed with exit code {error.returncode}; its messages are above."
        ) from error
    except OSError as error:
        raise InstallFailure(f"{what} failed: {error}.") from error
    print(f"jobcast: … done in {time.monotonic() - started:.0f} s", flush=True)
