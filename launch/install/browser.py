"""A Chromium for the browser tests: the machine's, or one installed now where that may be done."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from launch.install.command import Command, run
from launch.install.failure import InstallFailure

PROGRAMS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_PLAYWRIGHTS_OWN: Final = (
    "from playwright.sync_api import sync_playwright\n"
    "with sync_playwright() as playwright: print(playwright.chromium.executable_path)"
)


def ensure_browser(interpreter: Path) -> None:
    """Without a browser the tests that need one are skipped; under CI that is an `InstallFailure`."""
    if has_browser(interpreter):
        return
    for step in _steps(interpreter):
        _try(step)
        if has_browser(interpreter):
            return
    if os.environ.get("CI", "").lower() == "true":
        raise InstallFailure("No Chromium could be installed, and under CI no test may be skipped.")
    print("jobcast: no Chromium could be installed: the browser tests will be skipped.", flush=True)


def has_browser(interpreter: Path) -> bool:
    return any(shutil.which(program) for program in PROGRAMS) or _playwrights_own(interpreter)


def _playwrights_own(interpreter: Path) -> bool:
    command: Command = [interpreter, "-c", _PLAYWRIGHTS_OWN]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return answer.returncode == 0 and Path(answer.stdout.strip()).is_file()


def _steps(interpreter: Path) -> list[list[Command]]:
    """Each step is a list of commands that belong together; the next is tried when one brought no browser."""
    playwright: list[Command] = [[interpreter, "-m", "playwright", "install", "chromium"]]
    debian: list[Command] = [
        ["apt-get", "-qq", "update"],
        ["apt-get", "-qq", "install", "--yes", "--no-install-recommends", "chromium"],
    ]
    may_install_packages = os.geteuid() == 0 and shutil.which("apt-get")
    return [debian, playwright] if may_install_packages else [playwright]


def _try(step: list[Command]) -> None:
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        for command in step:
            run("Installing Chromium for the tests", command, cwd=Path.cwd(), environ=environ)
    except InstallFailure as failure:
        print(f"jobcast: {failure}", file=sys.stderr)
