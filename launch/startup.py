"""What stops a start: one sentence for the person who started it, instead of a traceback.

StartupError
└── SettingsError  (launch.settings)
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from launch.exit_codes import TRY_AGAIN, WRONG_SETTING


class StartupError(Exception):
    """Jobcast cannot start; the message is one sentence that says why and what to do."""

    code = "startup"

    def __init__(self, sentence: str, *, retryable: bool = False) -> None:
        super().__init__(sentence)
        self.retryable = retryable

    @property
    def exit_code(self) -> int:
        return TRY_AGAIN if self.retryable else WRONG_SETTING


@contextmanager
def one_sentence_on_failure() -> Iterator[None]:
    """Ends the process with the sentence on stderr when the block raises `StartupError`.

    Every entry point wraps its start in this; the exit code tells the keeper whether to try again.
    """
    try:
        yield
    except StartupError as error:
        print(f"jobcast: {error}", file=sys.stderr, flush=True)
        raise SystemExit(error.exit_code) from None
