"""The processes that the bench starts: each is pinned, tied to the bench, and killed when it is done."""

import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final, TypeVar

import msgspec
import psutil

from bench.cores import Cores, pin
from bench.process_tree import kill_tree
from launch import tether
from launch.process_group import kill_group

CHECKOUT: Final = Path(__file__).resolve().parent.parent
STARTS_WITHIN_S: Final = 30.0
_INHERITED: Final = ("PATH", "HOME", "LANG", "TMPDIR")

Reply = TypeVar("Reply", bound=msgspec.Struct)


class BenchError(Exception):
    """The bench cannot go on; the message is one sentence, and the end of the process' output."""


class Process:
    """A running process; `read` and `go` talk to one of ours (`bench.orders`)."""

    def __init__(self, name: str, process: "subprocess.Popen[bytes]", output: Path) -> None:
        self._name = name
        self._process = process
        self._output = output

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def cpu_s(self) -> float:
        """CPU time so far, user and system."""
        times = psutil.Process(self.pid).cpu_times()
        return float(times.user + times.system)

    def read(self, kind: type[Reply], timeout_s: float = STARTS_WITHIN_S) -> Reply:
        """The process' next answer. Raises `BenchError` when it ends or says nothing for so long."""
        assert self._process.stdout is not None
        readable, _, _ = select.select([self._process.stdout], [], [], timeout_s)
        line = self._process.stdout.readline() if readable else b""
        if not line:
            raise self.failure("ended" if readable else f"said nothing for {timeout_s:g} s")
        return msgspec.json.decode(line, type=kind)

    def go(self) -> None:
        self.tell("")

    def tell(self, line: str) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # it has ended, which `read` will tell
            self._process.stdin.write(line.encode() + b"\n")

    def wait_until(self, ready: Callable[[], bool], timeout_s: float = STARTS_WITHIN_S) -> None:
        """Raises `BenchError` when the process ends first, or takes too long."""
        deadline = time.monotonic() + timeout_s
        while not ready():
            if self._process.poll() is not None:
                raise self.failure("ended")
            if time.monotonic() > deadline:
                raise self.failure(f"was not ready within {timeout_s:g} s")
            time.sleep(0.02)

    def failure(self, what: str) -> BenchError:
        return BenchError(
            f"{self._name} {what}.\n{self._output.read_text(errors='replace')[-2000:]}".rstrip()
        )

    def kill(self) -> None:
        """With all that it started. Nothing here has anything to save."""
        kill_tree(self.pid)
        kill_group(self.pid)
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


class Processes:
    """Starts processes in `directory`, where their output goes too."""

    def __init__(self, directory: Path, cores: Cores) -> None:
        self.directory = directory
        self.cores = cores

    @contextmanager
    def server(
        self,
        name: str,
        command: list[str],
        *,
        measured: bool = False,
        settings: Mapping[str, str] | None = None,
    ) -> Iterator[Process]:
        """A process that is gone afterwards. `measured`: it has a core to itself."""
        output = self.directory / f"{name}.log"
        with output.open("wb") as log:
            process = self._start(command, {**_environment(), **(settings or {})}, stdout=log, stderr=log)
        with self._kept(Process(name, process, output), measured=measured) as running:
            yield running

    @contextmanager
    def ordered(self, module: str, order: msgspec.Struct, *, measured: bool = False) -> Iterator[Process]:
        """One of our own processes, which carries out `order` and answers."""
        command = python(module, msgspec.json.encode(order).decode())
        with self.answering(module, command, measured=measured) as running:
            yield running

    @contextmanager
    def answering(self, name: str, command: list[str], *, measured: bool = False) -> Iterator[Process]:
        """A process that is told lines and answers in lines of JSON."""
        output = self.directory / f"{name}.log"
        with output.open("wb") as log:
            process = self._start(command, _environment(), stdout=subprocess.PIPE, stderr=log)
        with self._kept(Process(name, process, output), measured=measured) as running:
            yield running

    @contextmanager
    def _kept(self, process: Process, *, measured: bool) -> Iterator[Process]:
        try:
            pin(process.pid, self.cores.measured if measured else self.cores.others)
            yield process
        finally:
            process.kill()

    def _start(
        self, command: list[str], environment: dict[str, str], *, stdout: IO[bytes] | int, stderr: IO[bytes]
    ) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, "-I", "-S", tether.__file__, str(os.getpid()), "--", *command],
            cwd=CHECKOUT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=stdout,
            stderr=stderr,
            bufsize=0,
            # Ctrl-C is for the bench, which then ends them all.
            start_new_session=True,
        )


def python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environment() -> dict[str, str]:
    """What a process needs of ours; the settings of an installation are not for the bench."""
    return {name: os.environ[name] for name in _INHERITED if name in os.environ}
