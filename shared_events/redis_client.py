"""How Jobcast talks to Redis: the connection settings that all processes share."""

from typing import Final

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff

CONNECT_TIMEOUT_S: Final = 5.0
COMMAND_TIMEOUT_S: Final = 5.0
"""A command without an answer for this long has failed: a frozen Redis must not freeze us."""


def connect(url: str, *, max_connections: int = 64) -> "Redis":
    """A client for `url` (redis://, rediss:// or unix://) that answers in bytes."""
    return Redis.from_url(
        url,
        protocol=2,
        max_connections=max_connections,
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        socket_timeout=COMMAND_TIMEOUT_S,
        health_check_interval=15,
        retry=Retry(ExponentialWithJitterBackoff(base=0.05, cap=0.5), 1),
    )
