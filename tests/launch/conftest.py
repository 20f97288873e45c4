"""Real processes for the tests of `launch`: started, watched, and gone at the end of the test."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.stack import ALONE
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]


class Program:
    """A process whose output is collected while it runs."""

    def __init__(self, command: list[str | Path], environ: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=environ, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip
        assert self._process.stdout is not None
        self._pipe = self._process.stdout
        self.pid = self._process.pid
        self._lines: list[str] = []
        self._wants_output = True
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def output(self) -> str:
        return "".join(self._lines)

    def says(self, text: str) -> None:
        """Waits until the output contains `text`."""
        wait_until(lambda: text in self.output or self._is_mute())
        assert text in self.output

    def family(self) -> list[psutil.Process]:
        """The process and everything that came from it."""
        process = psutil.Process(self.pid)
        return [process, *process.children(recursive=True)]

    def send(self, signum: int) -> None:
        self._process.send_signal(signum)

    def wait(self, timeout_s: float = 30.0) -> int:
        """The exit code, with all output collected."""
        exit_code = self._process.wait(timeout_s)
        self._reader.join(timeout_s)
        return exit_code

    def end(self) -> None:
        family = self._family_if_any()
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL)
        self._process.wait(10)
        psutil.wait_procs(family, timeout=10)
        self._pipe.close()

    def _family_if_any(self) -> list[psutil.Process]:
        try:
            return self.family() if self._process.poll() is None else []
        except psutil.NoSuchProcess:
            return []

    def stop_reading(self) -> None:
        """The next write of the program fails."""
        self._wants_output = False
        self._reader.join(10)
        self._pipe.close()

    def _read(self) -> None:
        while self._wants_output and (line := self._pipe.readline()):
            self._lines.append(line)

    def _is_mute(self) -> bool:
        return not self._reader.is_alive()


Start = Callable[..., Program]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts `python ARGUMENTS` in the checkout, with more environment variables as keywords."""
    programs: list[Program] = []
    ours = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup, the programs would ignore it too

    def start_program(*arguments: str | Path, **environ: str) -> Program:
        programs.append(Program([sys.executable, *arguments], {**bare_environ(), **environ}))
        return programs[-1]

    yield start_program
    signal.signal(signal.SIGHUP, ours)
    for program in programs:
        program.end()


@pytest.fixture(autouse=True)  # so that it is removed after those that write into it have ended
def data_dir() -> Iterator[Path]:
    """Short, so that the path of a socket in it is not too long; and with characters that need quoting."""
    with tempfile.TemporaryDirectory(prefix="jobcast ") as directory:
        yield Path(directory, 'it\'s "é"%20')


@pytest.fixture
def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def bare_environ() -> dict[str, str]:
    """Without the settings of whoever runs the tests, and without what else runs here."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV")
    return {name: os.environ[name] for name in kept if name in os.environ} | {
        "PYTHONUNBUFFERED": "1",
        **ALONE,
    }


def all_gone(processes: list[psutil.Process]) -> bool:
    return not any(is_alive(process) for process in processes)


def is_gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or not is_alive(psutil.Process(pid))


def is_alive(process: psutil.Process) -> bool:
    """A zombie is dead: whoever adopted it may reap it late."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
