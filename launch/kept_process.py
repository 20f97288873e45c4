"""One process of the Procfile, under its keeper, as the launcher sees it."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from launch.process_group import kill_group

_LONGEST_PIECE: Final = 65536
"""A longer line is shown in pieces, so that memory stays bounded."""


class Surroundings(NamedTuple):
    """What all processes of a launch get."""

    environ: Mapping[str, str]
    grace_s: float
    """From the signal to stop until a process is killed."""
    lock: int
    """A descriptor that each keeper holds open as long as it lives."""


class KeptProcess:
    """A keeper with its process. `on_line` and `on_end` are called in threads of their own."""

    def __init__(self, name: str, command: str, surroundings: Surroundings) -> None:
        self.name = name
        self._group_note = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the keeper has ended
        self._keeper = subprocess.Popen(
            keeper_command(name, command, surroundings.grace_s, self._group_note.fileno()),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # Ctrl-C in the terminal reaches the launcher alone, which stops the keepers in order.
            start_new_session=True,
            pass_fds=(surroundings.lock, self._group_note.fileno()),
            env=surroundings.environ,
        )
        self._threads: list[threading.Thread] = []

    def follow(self, *, on_line: Callable[[str, bytes], None], on_end: Callable[[str, int], None]) -> None:
        """`on_end` gets the exit code of the keeper, which may come before the last line."""
        self._run(lambda: self._relay(on_line))
        self._run(lambda: on_end(self.name, self._await_end()))

    def ask_to_stop(self) -> None:
        self._keeper.send_signal(signal.SIGTERM)

    def ask_to_kill(self) -> None:
        """The keeper ends the process, and what that started, at once."""
        self._keeper.send_signal(signal.SIGQUIT)

    def kill(self) -> None:
        """For a keeper that does not do what it was asked; the process ends with it."""
        self._keeper.kill()

    def await_last_line(self, timeout_s: float) -> None:
        self._threads[0].join(timeout_s)

    def _await_end(self) -> int:
        exit_code = self._keeper.wait()
        # A keeper that was killed could not end what its process had started.
        with self._group_note as note:
            kill_group(int(os.pread(note.fileno(), 20, 0) or 0))
        return exit_code

    def _relay(self, on_line: Callable[[str, bytes], None]) -> None:
        assert self._keeper.stdout is not None
        while piece := self._keeper.stdout.readline(_LONGEST_PIECE):
            on_line(self.name, piece)

    def _run(self, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=target, name=self.name, daemon=True)
        self._threads.append(thread)
        thread.start()


def keeper_command(name: str, command: str, grace_s: float, group_note: int) -> list[str]:
    """`exec env`: the shell reads quotes and variables, then is gone, so that signals meet the process."""
    keeper = [sys.executable, "-m", "launch.keeper", "--parent", str(os.getpid()), "--grace", f"{grace_s:g}"]
    return [*keeper, "--group-note", str(group_note), name, "--", "/bin/sh", "-c", f"exec env {command}"]
