"""The house as DESIGN.md draws it: who may import whom, where our names lead, how large a file may be."""

import ast
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OURS = ("shared_events", "records", "agents", "workers", "realtime", "cli", "launch", "bench", "tests")
FORBIDDEN = {
    "shared_events": {"records", "agents", "workers", "realtime", "cli", "launch", "bench", "tests"},
    "records": {"agents", "workers", "realtime", "cli", "bench", "tests"},
    "agents": {"workers", "realtime", "records", "cli", "launch", "bench", "tests", "rq", "socketio"},
    "workers": {"realtime", "cli", "bench", "tests", "socketio"},
    "realtime": {"agents", "workers", "cli", "bench", "tests"},
    "cli": {"workers", "realtime", "bench", "tests"},
    "launch": {"agents", "workers", "realtime", "records", "cli", "bench", "tests"},
}
NAMELESS = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}
LONGEST_FILE = 300
SOURCES = sorted(path for name in OURS for path in (ROOT / name).rglob("*.py"))
SCRIPTS = sorted(path for name in OURS for path in (ROOT / name).rglob("*.js"))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imported_by(tree: ast.AST) -> Iterator[str]:
    """The top-level names that a module imports, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield (node.module or "").partition(".")[0]


def imports(path: Path) -> set[str]:
    return set(imported_by(ast.parse(path.read_text(encoding="utf-8"))))


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_no_package_imports_what_it_must_not_know(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0]
    assert imports(path) & FORBIDDEN.get(package, set()) == set()


def test_the_search_for_imports_finds_all_of_them() -> None:
    code = "import a.b as c\nfrom d.e import f\ndef g():\n    import h\nif x:\n    from i import *"
    assert set(imported_by(ast.parse(code))) == {"a", "d", "h", "i"}
    assert {"shared_events", "agents", "workers", "realtime", "cli", "launch", "tests"} <= {
        path.relative_to(ROOT).parts[0] for path in SOURCES
    }


@pytest.mark.parametrize("name", ["shared_events", "agents", "workers", "realtime", "cli", "launch"])
def test_our_names_lead_into_the_checkout(name: str) -> None:
    spec = find_spec(name)
    assert spec is not None
    assert spec.origin == str(ROOT / name / "__init__.py")


@pytest.mark.parametrize("path", [*SOURCES, *SCRIPTS], ids=name_of)
def test_a_file_is_named_after_its_concept_and_is_short(path: Path) -> None:
    assert path.stem not in NAMELESS
    assert path.parent.name not in NAMELESS
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE
