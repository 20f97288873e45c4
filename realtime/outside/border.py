"""What goes wrong while a publisher is served, as it is told."""

from collections.abc import Iterator
from contextlib import contextmanager

from redis.exceptions import RedisError

from realtime.errors import NotFound, RequestError, Unavailable
from shared_events.errors import JobcastError, UnknownJob


@contextmanager
def reaching_the_log() -> Iterator[None]:
    """Raises `RequestError`s only."""
    try:
        yield
    except RequestError:
        raise
    except UnknownJob:
        raise NotFound from None
    except (JobcastError, RedisError, OSError, TimeoutError) as error:
        raise Unavailable(
            f"The log cannot be reached just now ({type(error).__name__}): send the same again."
        ) from error
