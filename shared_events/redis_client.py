"""How Jobcast talks to Redis: the connection settings that all processes share."""

import asyncio
from typing import Any, Final

import redis
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff

CONNECT_TIMEOUT_S: Final = 5.0
COMMAND_TIMEOUT_S: Final = 5.0
"""A command without an answer for this long has failed: a frozen Redis must not freeze us."""


def connect(url: str, *, max_connections: int = 64) -> "Redis":
    """A client for `url` (redis://, rediss:// or unix://) that answers in bytes.

    Who finds all its connections in use waits for one. A stream's entries are lists, as Redis sends them.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        protocol=2,
        max_connections=max_connections,
        timeout=COMMAND_TIMEOUT_S,
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        socket_timeout=COMMAND_TIMEOUT_S,
        # redis-py checks the health of a unix socket while it connects it, and connects it again to do so:
        # with a frozen Redis that never ends.
        health_check_interval=0 if url.startswith("unix:") else 15,
        retry=Retry(ExponentialWithJitterBackoff(base=0.05, cap=0.5), 1),
        driver_info=None,  # to say it, redis-py looks up its version in the file system for every connection
    )
    pool.connection_class = _cancellable(pool.connection_class)
    client = Redis.from_pool(pool)
    # redis-py makes a dict of each entry, which takes longer than to read it.
    client.set_response_callback("XRANGE", _as_it_came)
    return client


def connect_blocking(url: str) -> redis.Redis:
    """As `connect`, for threads."""
    return redis.Redis.from_url(
        url,
        protocol=2,
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        socket_timeout=COMMAND_TIMEOUT_S,
        health_check_interval=15,
    )


def _as_it_came(response: Any, **kwargs: Any) -> Any:  # noqa: ARG001  # as redis-py names them
    return response


def _cancellable(kind: type[AbstractConnection]) -> type[AbstractConnection]:
    """`kind`, but that a task which is cancelled while it sends is cancelled.

    redis-py sends under `asyncio.wait_for`, which before Python 3.12 loses a cancel that comes as the
    sending ends: https://github.com/python/cpython/issues/86296.
    """

    class Cancellable(kind):  # type: ignore[misc, valid-type]
        socket_timeout: float | None

        async def send_packed_command(self, *args: Any, **options: Any) -> None:
            # Without a time-out of its own, redis-py waits plainly.
            timeout_s, self.socket_timeout = self.socket_timeout, None
            try:
                async with asyncio.timeout(timeout_s):
                    await super().send_packed_command(*args, **options)
            except TimeoutError:
                raise redis.TimeoutError("Timeout writing to socket") from None
            finally:
                self.socket_timeout = timeout_s

    return Cancellable
