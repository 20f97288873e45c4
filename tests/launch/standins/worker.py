"""Stands in for the worker: when asked to stop, it says who is still there for its last words."""

import os
import signal
import socket
import sys
from types import FrameType

import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

client = redis.Redis.from_url(os.environ["RQ_REDIS_URL"], retry=Retry(ConstantBackoff(0.02), 500))


def web_answers() -> bool:
    try:
        socket.create_connection(("127.0.0.1", int(os.environ["PORT"])), timeout=1).close()
    except OSError:
        return False
    return True


def stop(signum: int, _: FrameType | None) -> None:
    sys.stdout.write(f"Redis answers: {client.ping()}\n")
    sys.stdout.write(f"web answers: {web_answers()}\n")
    sys.exit(0)


if __name__ == "__main__":
    client.ping()
    signal.signal(signal.SIGTERM, stop)
    sys.stdout.write("worker is up\n")
    signal.pause()
