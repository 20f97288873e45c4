"""How many files a process may open: each connection is one, and the usual limit is 1024."""

import resource
import sys
from contextlib import suppress
from typing import Final

WANTED: Final = 2**20
"""More than one process can serve; some systems allow a thousand times as many."""


def allow_many_files() -> int:
    """Raise the limit of this process, and of those that it starts, as far as it may; returns it."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(_count(most), WANTED)
    if _count(now) < wanted:
        with suppress(ValueError, OSError):  # a kernel may allow less than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
    return _count(resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def _count(limit: int) -> int:
    return sys.maxsize if limit == resource.RLIM_INFINITY else limit
