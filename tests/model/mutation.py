"""Mutants: the code under test with one of its rules taken out, as a change of its text."""

import inspect
import sys
import textwrap
from collections.abc import Iterator
from types import FunctionType
from typing import Any, Final

import msgspec
import pytest

_OURS: Final = ("shared_events", "workers", "realtime", "tests.model")


class Mutant(msgspec.Struct, frozen=True):
    """`old` in the source of `target` becomes `new`.

    The target is a function, `<module>:<qualified name>`, or a script, `<name>.lua`. `world` is one that has
    found it out before, to look there first: when the code or the walk changes, another one may.
    """

    target: str
    old: str
    new: str = ""
    world: int = 0

    @property
    def script(self) -> str:
        return self.target.removesuffix(".lua")

    def change(self, source: str) -> str:
        assert source.count(self.old) == 1, f"{self.old!r} is not once in {self.target}: mend the mutant"
        return source.replace(self.old, self.new)

    def apply(self, patch: pytest.MonkeyPatch) -> None:
        """Put the changed function wherever its module, or another one of ours, has the name of it."""
        module_name, _, name = self.target.partition(":")
        owner: Any = sys.modules[module_name]
        *path, last = name.split(".")
        for part in path:
            owner = getattr(owner, part)
        original = inspect.getattr_static(owner, last)
        changed = self._changed(original)
        patch.setattr(owner, last, changed)
        for module, known_as in [] if path else _users(original):
            patch.setattr(module, known_as, changed)

    def _changed(self, original: FunctionType) -> Any:
        source = self.change(textwrap.dedent(inspect.getsource(original)))
        names: dict[str, Any] = {}
        exec(compile(source, f"<{self.target}>", "exec"), original.__globals__, names)
        return names[original.__name__]


def _users(original: object) -> Iterator[tuple[Any, str]]:
    for name, module in list(sys.modules.items()):
        if name.startswith(_OURS):
            yield from ((module, known_as) for known_as, value in vars(module).items() if value is original)
