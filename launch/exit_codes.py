"""The exit codes that processes of one installation understand of each other."""

from typing import Final

WRONG_SETTING: Final = 78
"""EX_CONFIG of sysexits.h: starting again cannot help, so nobody tries."""

TRY_AGAIN: Final = 75
"""EX_TEMPFAIL of sysexits.h: the same start may succeed later."""
