"""The directory for what Jobcast keeps on this machine: made, checked, and used by one launcher at a time."""

import fcntl
import os
import time
from pathlib import Path
from typing import Final

from launch.startup import StartupError

_LAST_RUN_ENDS_WITHIN_S: Final = 10.0


def make_data_dir(path: Path) -> None:
    """Raises `StartupError` when the directory cannot be made or written."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = path / f".writable-{os.getpid()}"
        probe.write_bytes(b"x")
        probe.unlink()
    except OSError as error:
        raise StartupError(f"DATA_DIR is {str(path)!r}, but cannot be written: {error.strerror}.") from error


def claim_data_dir(path: Path) -> int:
    """Locks the directory for this launch and returns the lock's descriptor.

    Whoever inherits the descriptor holds the lock too. Every keeper does: what a killed launcher left behind
    ends within seconds, and the next launch waits for that. Raises `StartupError` when another one is alive.
    """
    descriptor = os.open(path / "launch.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + _LAST_RUN_ENDS_WITHIN_S
    while not try_lock(descriptor):
        holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
        if _is_alive(holder) or time.monotonic() > deadline:
            os.close(descriptor)
            raise StartupError(
                f"Jobcast is running already with DATA_DIR {str(path)!r}, as process {holder}."
            )
        time.sleep(0.05)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor


def try_lock(descriptor: int) -> bool:
    """Whether the file behind `descriptor` is locked for its holders now."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_alive(pid: str) -> bool:
    """An empty file is one whose owner is about to write its number."""
    if not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def make_private_directory(path: Path) -> None:
    """A directory that only this user can enter. Raises `StartupError` when somebody else made it."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        # lstat as well: in a shared place like /tmp, a link may have been laid by somebody else.
        if {path.lstat().st_uid, path.stat().st_uid} != {os.getuid()}:
            raise StartupError(f"{path} belongs to another user: remove it or choose another DATA_DIR.")
        path.chmod(0o700)
    except OSError as error:
        raise StartupError(f"{path} cannot be used as a private directory: {error.strerror}.") from error
