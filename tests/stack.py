"""A whole installation for tests: Redis, web and worker as the processes that they really are."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final

from tests.redis_server import RedisServer
from tests.waiting import wait_until

CHECKOUT = Path(__file__).parent.parent
READY_WITHIN_S = 60
ALONE: Final = {"OLLAMA_HOST": "off", "JOBCAST_CONFIG": os.devnull}
"""Whatever runs on this machine, or is set up in this checkout, is not taken."""


class Process:
    """`python -m` with `command`, one of an installation; its output is shown when a test fails."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self._command = command
        self._environment = environment
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *self._command],
                cwd=CHECKOUT,
                env=dict(self._environment),
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def kill(self) -> None:
        """As the kernel does when memory runs out: with all that it started."""
        self._signal(signal.SIGKILL)

    def stop(self) -> None:
        self._signal(signal.SIGTERM)

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        assert self._process is not None
        return self._process.poll()

    def send(self, number: int) -> None:
        """A signal to this process alone, without waiting for what comes of it."""
        assert self._process is not None
        self._process.send_signal(number)

    def wait(self) -> None:
        """Until it has ended."""
        assert self._process is not None
        self._process.wait(20)

    def _signal(self, number: int) -> None:
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, number)
            self._process.wait(20)


class Stack:
    """`redis`, `web` and `worker`, each to be killed and started as the test likes."""

    def __init__(self, directory: Path, settings: Mapping[str, str]) -> None:
        self.redis = RedisServer(directory, persistent=True)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.environment = {
            **inherited,
            "PYTHONUNBUFFERED": "1",
            "PORT": str(self.port),
            "DATA_DIR": str(directory),
            "REDIS_URL": self.redis.url,
            "WORKER_CONCURRENCY": "20",
            "DRAIN_SECONDS": "0",
            "LEASE_SECONDS": "5",
            **ALONE,
            **settings,
        }
        self.web = Process(["realtime"], self.environment, directory / "web.log")
        self.worker = Process(["workers"], self.environment, directory / "worker.log")
        self._directory = directory
        self._more_workers: list[Process] = []

    def __enter__(self) -> "Stack":
        self.redis.start()
        self.web.start()
        self.worker.start()
        try:
            wait_until(self.is_ready, READY_WITHIN_S)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        workers = [self.worker, *self._more_workers]
        for process in (*workers, self.web):
            process.kill()
        self.redis.thaw()
        self.redis.kill()
        if error is not None:
            for process in (self.web, *workers):
                sys.stdout.write(f"--- {process.log.name}\n{process.log.read_text()[-4000:]}\n")

    def another_worker(self, **settings: str) -> Process:
        """One more, ready to take jobs; it ends with the installation."""
        log = self._directory / f"worker-{len(self._more_workers) + 2}.log"
        worker = Process(["workers"], {**self.environment, **settings}, log)
        self._more_workers.append(worker)
        worker.start()
        wait_until(lambda: "worker_ready" in log.read_text(), READY_WITHIN_S)
        return worker

    def is_ready(self) -> bool:
        """The server is ready and a worker has announced its agents."""
        return self._answers("readyz") and b'"chat"' in self._get("v1/agents")

    def is_serving(self) -> bool:
        return self._answers("readyz")

    def _answers(self, path: str) -> bool:
        try:
            return bool(self._get(path))
        except OSError:
            return False

    def _get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.url + path, timeout=30) as response:
            return bytes(response.read())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def stack(**settings: str) -> Iterator[Stack]:
    """A running installation, ready to take jobs."""
    with (
        tempfile.TemporaryDirectory(prefix="jobcast-") as directory,
        Stack(Path(directory), settings) as running,
    ):
        yield running
