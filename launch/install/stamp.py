"""Remembers what an installation was made from, so that it is made again only when that has changed."""

import hashlib
from collections.abc import Iterable
from pathlib import Path


def digest_of(files: Iterable[Path], *facts: str) -> str:
    """Changes when a file or a fact does."""
    digest = hashlib.sha256()
    for content in [*(path.read_bytes() for path in files), *(fact.encode() for fact in facts)]:
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()


class Stamp:
    """A file inside what was installed: deleting the installation deletes its stamp."""

    def __init__(self, path: Path, digest: str) -> None:
        self._path = path
        self._digest = digest

    def holds(self) -> bool:
        return self._path.is_file() and self._path.read_text() == self._digest

    def set(self) -> None:
        self._path.write_text(self._digest)
