import os
import shutil
from pathlib import Path

import pytest

from launch.checkout import PACKAGES, verify_checkout
from launch.exit_codes import WRONG_SETTING
from tests.launch.conftest import ROOT, Start

VERIFY = """
from launch.checkout import verify_checkout
from launch.startup import one_sentence_on_failure as once
with once(): verify_checkout()
"""


def rival_path(rival: Path) -> dict[str, str]:
    """A path on which `rival` comes first; `-P` keeps the current directory from coming before it."""
    return {"PYTHONPATH": os.pathsep.join([str(rival), str(ROOT)])}


def test_the_packages_of_the_checkout_are_ours() -> None:
    verify_checkout()


@pytest.mark.parametrize("name", sorted({*PACKAGES} - {"launch"}))
def test_a_rival_package_is_named(start: Start, tmp_path: Path, name: str) -> None:
    rival = tmp_path / name
    rival.mkdir()
    (rival / "__init__.py").write_text("raise AssertionError('must not be imported')")
    program = start("-P", "-c", VERIFY, **rival_path(tmp_path))
    assert program.wait() == WRONG_SETTING
    assert program.output.startswith(f"jobcast: The package {name} would come from {rival} instead of ")
    assert program.output.count("\n") == 1


def test_a_rival_that_is_a_single_module_is_named(start: Start, tmp_path: Path) -> None:
    (tmp_path / "agents.py").write_text("")
    program = start("-P", "-c", VERIFY, **rival_path(tmp_path))
    assert program.wait() == WRONG_SETTING
    assert str(tmp_path / "agents.py") in program.output


def test_a_rival_below_the_checkout_is_a_rival_too(start: Start, tmp_path: Path) -> None:
    """A virtual environment usually is inside the checkout, and so is what it brings along."""
    rival = tmp_path / ".venv"
    (rival / "agents").mkdir(parents=True)
    (rival / "agents" / "__init__.py").touch()
    shutil.copytree(ROOT / "launch", tmp_path / "launch")
    program = start("-P", "-c", VERIFY, PYTHONPATH=os.pathsep.join([str(rival), str(tmp_path)]))
    assert program.wait() == WRONG_SETTING
    assert f"The package agents would come from {rival / 'agents'} instead of {tmp_path}" in program.output


def test_a_package_that_is_nowhere_is_named(start: Start) -> None:
    program = start("-c", VERIFY.replace("with once", "import sys; sys.modules['agents'] = None\nwith once"))
    assert program.wait() == WRONG_SETTING
    assert "The package agents is not in " in program.output


def test_the_launcher_verifies_first(start: Start, tmp_path: Path) -> None:
    (tmp_path / "workers.py").write_text("")
    program = start("-P", "-m", "launch", DATA_DIR=str(tmp_path / "data"), **rival_path(tmp_path))
    assert program.wait() == WRONG_SETTING
    assert str(tmp_path / "workers.py") in program.output
    assert not (tmp_path / "data").exists()
