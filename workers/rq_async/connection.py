"""Our own connections to the queue's Redis."""

from typing import Final

from redis import ConnectionPool, Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq.connections import get_connection_kwargs

CONNECT_TIMEOUT_S: Final = 3.0
COMMAND_TIMEOUT_S: Final = 5.0
"""A command without an answer for this long has failed: a frozen Redis must not freeze a thread."""


def own_connection(theirs: Redis) -> Redis:
    """A client for the same server whose commands end in `COMMAND_TIMEOUT_S`, and are never sent twice.

    redis-py's own retries would apply a transaction again whose answer was lost.
    """
    options = get_connection_kwargs(theirs) | {
        "socket_timeout": COMMAND_TIMEOUT_S,
        "socket_connect_timeout": CONNECT_TIMEOUT_S,
        "retry": Retry(NoBackoff(), 0),
    }
    pool = ConnectionPool(connection_class=theirs.connection_pool.connection_class, **options)
    return Redis(connection_pool=pool)


def disconnect(connection: Redis) -> None:
    """Close every connection of the client's pool; using the client opens new ones."""
    connection.connection_pool.disconnect()
