"""Ties a process to its parent: when the parent has ended, however it ended, so does the process.

On Linux the kernel sees to it; elsewhere a small watcher process does. As a script (`tether.py PARENT --
COMMAND…`) it ties itself and becomes the command; it uses the standard library alone, for `python -I -S`.
"""

import ctypes
import os
import select
import signal
import sys
from contextlib import suppress
from typing import Final, NoReturn, Protocol

_PR_SET_PDEATHSIG: Final = 1
_HIGHEST_FILE: Final = 4096
_INHERITED_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE, signal.SIGXFSZ)
"""What Python or our callers ignore, and a command expects in its default state."""


class Selectable(Protocol):
    """What `select` accepts, besides a number."""

    def fileno(self) -> int: ...


class ParentGone(Exception):
    """The parent ended before the tie held."""


def tie_to(parent: int, *, watched: bool = sys.platform != "linux") -> None:
    """Has this process killed (SIGKILL) as soon as its parent, the process `parent`, has ended.

    You must call it from the first thread, before there is a second; exec keeps the tie.
    Raises `ParentGone`, and `OSError` when the system refuses.
    """
    if watched:
        _start_watcher(parent)
    else:
        _ask_kernel()
    # The parent may have died before the line above: nobody would tell us then.
    if os.getppid() != parent:
        raise ParentGone


def end_with(parent: int) -> None:
    """As `tie_to`; a parent that is gone already is the end of this process."""
    try:
        tie_to(parent)
    except ParentGone:
        raise SystemExit(0) from None


def _ask_kernel() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")


def _start_watcher(parent: int) -> None:
    """Two forks, so that the watcher is not a child that this process would have to reap."""
    watched = os.getpid()
    middle = os.fork()
    if middle == 0:
        if os.fork() == 0:
            _watch_and_exit(parent, watched)
        os._exit(0)
    os.waitpid(middle, 0)


def _watch_and_exit(parent: int, watched: int) -> NoReturn:
    try:
        os.setsid()
        _let_go_of_files()
        _kill_after(parent, watched)
    finally:
        os._exit(0)


def _let_go_of_files() -> None:
    """Pipes and locks of the watched process must end with it."""
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.closerange(3, _HIGHEST_FILE)


def _kill_after(parent: int, watched: int) -> None:
    with suppress(ProcessLookupError):
        own_end = _end_of(watched)
        if _ends_first(parent, own_end):
            os.kill(watched, signal.SIGKILL)


def _ends_first(parent: int, own_end: int | Selectable) -> bool:
    try:
        parents_end = _end_of(parent)
    except ProcessLookupError:
        return True
    ready, _, _ = select.select([parents_end, own_end], [], [])
    return own_end not in ready


def _end_of(pid: int) -> int | Selectable:
    """Something that `select` finds readable once the process has ended. Raises `ProcessLookupError`."""
    if sys.platform == "linux":
        return os.pidfd_open(pid)
    else:  # noqa: RET505 - mypy checks one branch a platform
        queue = select.kqueue()
        exits = select.kevent(pid, select.KQ_FILTER_PROC, select.KQ_EV_ADD, select.KQ_NOTE_EXIT)
        queue.control([exits], 0, 0)
        return queue


def main(arguments: list[str]) -> NoReturn:
    """`[--watched] PARENT -- COMMAND…`: becomes COMMAND, tied to the process PARENT."""
    options, command = arguments[: arguments.index("--")], arguments[arguments.index("--") + 1 :]
    for number in _INHERITED_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    with suppress(ParentGone):
        tie_to(int(options[-1]), watched="--watched" in options or sys.platform != "linux")
        _become(command)
    sys.exit(0)


def _become(command: list[str]) -> NoReturn:
    try:
        os.execvp(command[0], command)  # noqa: S606
    except OSError as error:
        sys.exit(f"jobcast: {command[0]} cannot be run: {error.strerror}.")


if __name__ == "__main__":
    main(sys.argv[1:])
