"""The peer in Node is left out with a reason where it cannot be had."""

import sys
from pathlib import Path

import pytest

from bench.fanout import node_peer
from bench.fanout.node_peer import LeftOut, node_command


def executable(path: Path, text: str) -> None:
    path.write_text(f"#!{sys.executable}\n{text}\n")
    path.chmod(0o755)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the whole PATH; the peer's packages are not installed."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setattr(node_peer, "INSTALLED", tmp_path / "peers")
    monkeypatch.setenv("PATH", str(programs))
    return programs


def test_without_node_it_is_left_out(programs: Path) -> None:
    with pytest.raises(LeftOut, match=r"^node was not found$"):
        node_command()


def test_without_npm_it_is_left_out(programs: Path) -> None:
    executable(programs / "node", "")
    with pytest.raises(LeftOut, match=r"^npm was not found$"):
        node_command()


def test_an_installation_that_fails_is_said_in_its_words(programs: Path) -> None:
    executable(programs / "node", "")
    executable(programs / "npm", 'import sys; sys.exit("no network")')
    with pytest.raises(LeftOut, match=r"^npm install failed: no network$"):
        node_command()


def test_an_installation_that_changes_nothing_is_not_believed(programs: Path) -> None:
    executable(programs / "node", "")
    executable(programs / "npm", "")
    with pytest.raises(LeftOut, match=r"^npm install failed: it said nothing$"):
        node_command()


def test_packages_have_exact_versions_and_no_lock_file() -> None:
    package = node_peer.Package.of(node_peer.SOURCES / "package.json")
    assert all(version[0].isdigit() for version in package.dependencies.values())
    assert "--no-package-lock" in node_peer.INSTALL
