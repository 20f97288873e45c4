"""The native programs: compiled when they are needed, or one sentence that says what to do."""

from pathlib import Path

import pytest

from bench.fanout import native as module
from bench.fanout.native import Native
from bench.processes import BenchError


def test_what_is_built_is_not_built_again(native: Native) -> None:
    before = native.load.stat().st_mtime_ns
    assert module.build() == native
    assert native.load.stat().st_mtime_ns == before


def test_a_changed_source_is_compiled_anew(
    native: Native, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = tmp_path / "native"
    sources.mkdir()
    for path in module.SOURCES.iterdir():
        (sources / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(module, "SOURCES", sources)
    monkeypatch.setattr(module, "BUILD", tmp_path / "build")
    first = module.build().publish.stat().st_ino
    (sources / "clock.h").touch()
    assert module.build().publish.stat().st_ino != first


def test_a_source_that_does_not_compile_is_said_with_the_compilers_words(
    native: Native, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "load.c").write_text("int main(void) { return nothing; }")
    monkeypatch.setattr(module, "SOURCES", tmp_path)
    monkeypatch.setattr(module, "BUILD", tmp_path / "build")
    with pytest.raises(BenchError, match=r"load\.c could not be compiled\.\n(.|\n)*nothing"):
        module.build()


def test_without_a_compiler_there_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    with pytest.raises(BenchError, match=r"no C compiler was found.*install gcc or clang.*choose") as raised:
        module.compiler()
    assert "\n" not in str(raised.value)
