"""Whether files have changed, and are left alone since. Pure but for `stamps_of`."""

import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple, TypeAlias


class Stamp(NamedTuple):
    """Tells one version of a file from the next."""

    modified_ns: int
    size: int
    inode: int


Stamps: TypeAlias = Mapping[str, Stamp | None]
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


def as_read(stamps: Stamps, *, since_ns: int, now_ns: int) -> Stamps:
    """What may be known of files that were read at some time since `since_ns`.

    One that was modified since then may have been read before it was: it shall count as changed. Not so one
    of the future, which would count for ever.
    """
    return {
        path: None if stamp and since_ns < stamp.modified_ns <= now_ns else stamp
        for path, stamp in stamps.items()
    }


class Changes:
    """Compares what is seen with what was read."""

    def __init__(self, read: Stamps) -> None:
        self._known = dict(read)
        self._last: Stamps = {}

    def know(self, read: Stamps) -> None:
        """These files have been read as well."""
        self._known = {**read, **self._known}

    def see(self, now: Stamps) -> list[str]:
        """What has changed, once two looks in a row saw the same; it is known from then on.

        A path that is new here is taken as it is.
        """
        is_quiet, self._last = now == self._last, now
        for path, stamp in now.items():
            self._known.setdefault(path, stamp)
        changed = sorted(path for path, stamp in now.items() if self._known[path] != stamp)
        if not (changed and is_quiet):
            return []
        self._known.update(now)
        return changed
