"""How `make` installs, as far as it shows without a network; `.ci/run` in a clean clone does the rest."""

import os
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from launch.install import browser, node, python
from launch.install.command import run
from launch.install.failure import InstallFailure
from launch.install.stamp import Stamp, digest_of
from launch.install.steps import install
from tests.launch.conftest import ROOT, bare_environ

needs_make = pytest.mark.skipif(
    not shutil.which("make") and not os.environ.get("CI"), reason="make is missing"
)


@needs_make
def test_make_alone_lists_the_targets() -> None:
    answer = subprocess.run(
        ["make"], cwd=ROOT, env=bare_environ(), capture_output=True, text=True, check=True
    )
    targets = [line.split()[1] for line in answer.stdout.splitlines()]
    assert targets == ["help", "run", "test", "lint", "types", "bench"]


@needs_make
def test_make_run_reloads_unless_it_is_told_not_to() -> None:
    command = ["make", "--dry-run", "run"]
    answer = subprocess.run(command, cwd=ROOT, env=bare_environ(), capture_output=True, text=True, check=True)
    assert 'export JOBCAST_RELOAD="${JOBCAST_RELOAD:-on}" && exec' in answer.stdout


@needs_make
def test_a_missing_python_is_one_sentence() -> None:
    command = ["make", "run", "PYTHON=no-such-python"]
    answer = subprocess.run(
        command, cwd=ROOT, env=bare_environ(), capture_output=True, text=True, check=False
    )
    assert answer.returncode != 0
    assert answer.stderr.startswith("jobcast: no-such-python was not found: install Python 3.11 or newer")


def bootstrap(monkeypatch: pytest.MonkeyPatch, *interpreters: str) -> None:
    """Runs it as Python 3.8 would."""
    monkeypatch.setattr(sys, "version_info", (3, 8, 1))
    monkeypatch.setattr(sys, "argv", ["bootstrap", "run", *interpreters])
    runpy.run_module("launch.bootstrap", run_name="__main__")


def test_an_old_python_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match=r"jobcast: Python 3\.11 or newer is needed, but \S+ is 3\.8\.1"):
        bootstrap(monkeypatch, "no-such-python")


def test_an_old_python_hands_over_to_a_newer_one(monkeypatch: pytest.MonkeyPatch) -> None:
    became: list[list[str]] = []
    monkeypatch.setattr(os, "execvp", lambda _, command: became.append(command))
    with pytest.raises(SystemExit):
        bootstrap(monkeypatch, "no-such-python", sys.executable)
    assert became == [[sys.executable, "-m", "launch.bootstrap", "run"]]


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(InstallFailure, match="use one of run, dev, test"):
        install("everything", ROOT)


def test_the_project_itself_is_not_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert python.requirements(ROOT, []) == project["dependencies"]
    assert python.requirements(ROOT, ["test"])[-1] in project["optional-dependencies"]["test"]


def test_every_requirement_has_its_exact_version() -> None:
    pinned = {_name(line) for line in constraints()}
    named = {_name(requirement) for requirement in python.requirements(ROOT, ["test"])}
    assert named <= pinned


def constraints() -> list[str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return [line for line in lines if not line.startswith("#")]


def _name(requirement: str) -> str:
    name = re.match(r"[\w-]+", requirement)
    assert name is not None
    return name[0].lower().replace("_", "-")


def test_what_is_committed_names_no_package_registry() -> None:
    assert all("==" in line and "://" not in line for line in constraints())
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text()


def test_a_stamp_holds_until_a_file_or_a_fact_changes(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_text("one")
    stamp = Stamp(tmp_path / "stamp", digest_of([source], "fact"))
    assert not stamp.holds()
    stamp.set()
    assert stamp.holds()
    assert not Stamp(tmp_path / "stamp", digest_of([source], "another")).holds()
    source.write_text("two")
    assert not Stamp(tmp_path / "stamp", digest_of([source], "fact")).holds()


def test_a_failing_installer_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InstallFailure, match="Painting failed with exit code 1"):
        run("Painting", ["false"], cwd=tmp_path)
    with pytest.raises(InstallFailure, match=r"Painting failed: .*No such file"):
        run("Painting", ["no-such-program"], cwd=tmp_path)


@pytest.mark.parametrize(
    ("programs", "version"),
    [
        ({}, 0),
        ({"node": "v20.1.0"}, 0),
        ({"node": "v20.1.0", "npm": "10"}, 20),
        ({"node": "?", "npm": "1"}, 0),
    ],
)
def test_node_counts_when_it_has_npm_beside_it(
    tmp_path: Path, programs: dict[str, str], version: int
) -> None:
    for name, answer in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\necho {answer}\n")
        (tmp_path / name).chmod(0o755)
    assert node.node_version(str(tmp_path)) == version


def test_without_a_browser_the_tests_are_skipped_but_not_under_ci(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    interpreter = tmp_path / "python"
    interpreter.write_text("#!/bin/sh\nexit 1\n")
    interpreter.chmod(0o755)
    monkeypatch.setenv("CI", "")
    browser.ensure_browser(interpreter)
    assert "the browser tests will be skipped" in capsys.readouterr().out
    monkeypatch.setenv("CI", "true")
    with pytest.raises(InstallFailure, match="under CI no test may be skipped"):
        browser.ensure_browser(interpreter)
