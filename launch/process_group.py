"""A process together with what it started."""

import os
import signal
from contextlib import suppress


def kill_group(leader: int) -> None:
    """Kills the group of the process `leader`; one without living members, or no group (0), is no error."""
    if leader > 1:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(leader, signal.SIGKILL)
