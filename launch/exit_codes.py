"""The exit codes that processes of one installation understand of each other."""

from typing import Final

WRONG_SETTING: Final = 78
"""EX_CONFIG of sysexits.h: starting again cannot help, so nobody tries."""

TRY_AGAIN: Final = 75
"""EX_TEMPFAIL of sysexits.h: the same start may succeed later."""

START_AGAIN: Final = 79
"""Not of sysexits.h, which ends before it: all is well, and a new process shall take over at once."""
