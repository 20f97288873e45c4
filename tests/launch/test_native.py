"""How the part in C is built, and that nothing fails where it cannot be."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from launch.install import native
from launch.install.command import Command
from launch.install.native import MODULE, SOURCE, ensure_native
from tests.launch.conftest import ROOT

Output = pytest.CaptureFixture[str]


class Installation:
    """A checkout of nothing but the source, with an environment; it counts the calls of its compilers."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.source = root / SOURCE
        self.source.parent.mkdir(parents=True)
        shutil.copy(ROOT / SOURCE, self.source)
        command: Command = [sys.executable, "-m", "venv", "--without-pip", root / ".venv"]
        subprocess.run(command, check=True)
        self.interpreter = root / ".venv" / "bin" / "python"
        self._calls = root / "calls"

    @property
    def modules(self) -> list[Path]:
        return list((self.root / ".venv").rglob(f"{MODULE}*"))

    @property
    def compilations(self) -> int:
        return self._calls.read_text().count("\n") if self._calls.exists() else 0

    def build(self) -> None:
        ensure_native(self.root, self.interpreter)

    def is_importable(self) -> bool:
        command: Command = [self.interpreter, "-c", f"import {MODULE}; {MODULE}.send_many"]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    def compiler(self, name: str, then: str) -> str:
        """A program that notes that it was called."""
        path = self.root / name
        path.write_text(f'#!/bin/sh\necho called >> "{self._calls}"\n{then}\n')
        path.chmod(0o755)
        return str(path)


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path)


@pytest.fixture
def compiler(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> str:
    """The machine's own, in CC."""
    found = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if found is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("there is no C compiler")
    monkeypatch.setenv("CC", installation.compiler("compile", f'exec "{found}" "$@"'))
    return found


@pytest.mark.usefixtures("compiler")
def test_it_is_built_once_and_without_a_word(installation: Installation, capsys: Output) -> None:
    installation.build()
    installation.build()
    assert installation.is_importable()
    assert installation.compilations == 1
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("compiler")
def test_a_changed_source_is_built_anew(installation: Installation) -> None:
    installation.build()
    [before] = installation.modules
    inode = before.stat().st_ino
    installation.source.write_text(installation.source.read_text() + "/* changed */\n")
    installation.build()
    assert installation.compilations == 2
    assert [path.stat().st_ino for path in installation.modules] != [inode]
    assert installation.is_importable()


@pytest.mark.usefixtures("compiler")
def test_what_no_longer_compiles_leaves_no_module_of_an_older_source(
    installation: Installation, capsys: Output
) -> None:
    installation.build()
    installation.source.write_text("#error not today\n")
    installation.build()
    assert installation.modules == []
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert "not today" in said
    assert said.endswith("Python does its work, about a fifth slower.\n")


@pytest.mark.usefixtures("compiler")
def test_what_cannot_be_imported_is_not_installed(installation: Installation, capsys: Output) -> None:
    installation.source.write_text("int nothing;\n")
    installation.build()
    assert installation.modules == []
    assert "ImportError" in capsys.readouterr().out


def test_the_source_compiles_without_a_warning(
    installation: Installation, compiler: str, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    monkeypatch.setenv("CC", f"{compiler} -Wall -Wextra -Werror")
    installation.build()
    assert capsys.readouterr().out == ""
    assert installation.is_importable()


def test_without_a_compiler_one_line_says_so(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("PATH", str(installation.root))
    installation.build()
    said = capsys.readouterr().out
    assert said == (
        f"jobcast: {SOURCE} is not built: there is no C compiler. "
        "Python does its work, about a fifth slower.\n"
    )
    installation.build()
    assert capsys.readouterr().out == ""


def test_a_compiler_that_appears_is_used(
    installation: Installation, compiler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as without:
        without.delenv("CC")
        without.setenv("PATH", str(installation.root))
        installation.build()
    assert not installation.is_importable()
    installation.build()
    assert installation.is_importable()


def test_a_failing_compiler_is_one_line_and_is_not_tried_again(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    failing = installation.compiler("fail", "echo first >&2; echo an error of mine. >&2; exit 3")
    monkeypatch.setenv("CC", failing)
    installation.build()
    said = capsys.readouterr()
    assert f"{failing} failed: an error of mine. Python does its work" in said.out
    assert said.out.count("\n") == 1
    assert said.err == ""
    installation.build()
    assert installation.compilations == 1


@pytest.mark.parametrize(
    ("named", "reason"),
    [
        ("no-such-compiler", "no-such-compiler cannot be run: No such file"),
        ("false", "false failed: exit code 1"),
    ],
)
def test_a_compiler_named_wrongly_is_one_line(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, capsys: Output, named: str, reason: str
) -> None:
    monkeypatch.setenv("CC", named)
    installation.build()
    said = capsys.readouterr().out
    assert reason in said
    assert said.count("\n") == 1


def test_missing_headers_are_one_line(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    monkeypatch.setenv("CC", installation.compiler("compile", "exit 1"))
    monkeypatch.setattr(native._Python, "has_headers", False)
    installation.build()
    assert "Python.h is missing. Python does its work" in capsys.readouterr().out
    assert installation.compilations == 0


def test_an_environment_that_cannot_be_written_to_is_one_line(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    monkeypatch.setenv("CC", "false")
    (installation.root / ".venv" / "jobcast-native").mkdir()
    installation.build()
    said = capsys.readouterr().out
    assert said.startswith(f"jobcast: {SOURCE} is not built: ")
    assert said.count("\n") == 1
