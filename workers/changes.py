"""Whether files have changed, and are left alone since. Pure but for `stamps_of`."""

import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple


class Stamp(NamedTuple):
    """Tells one version of a file from the next."""

    modified_ns: int
    size: int
    inode: int


Stamps = Mapping[str, Stamp | None]
"""By path; None for a file that is not there."""


def stamps_of(paths: Iterable[str]) -> Stamps:
    return {path: _stamp_of(path) for path in paths}


def _stamp_of(path: str) -> Stamp | None:
    try:
        found = Path(path).stat()
    except OSError:
        return None
    is_file = stat.S_ISREG(found.st_mode)
    return Stamp(found.st_mtime_ns, found.st_size, found.st_ino) if is_file else None


class Changes:
    """Compares what is seen with what was loaded.

    `read_since_ns`: a file modified after that may have been read before it was: it counts as changed. Not so
    one of the future, which would count for ever.
    """

    def __init__(self, loaded: Stamps, *, read_since_ns: int, now_ns: int) -> None:
        self._known: dict[str, Stamp | None] = {
            path: None if stamp and read_since_ns < stamp.modified_ns <= now_ns else stamp
            for path, stamp in loaded.items()
        }
        self._last: Stamps = loaded

    def see(self, now: Stamps) -> list[str]:
        """What has changed, once two looks in a row saw the same; it is known from then on.

        A path that was not looked at before is taken as it is.
        """
        is_quiet = all(self._last.get(path, stamp) == stamp for path, stamp in now.items())
        self._last = now
        for path, stamp in now.items():
            self._known.setdefault(path, stamp)
        changed = sorted(path for path, stamp in now.items() if self._known[path] != stamp)
        if not (changed and is_quiet):
            return []
        self._known.update(now)
        return changed
