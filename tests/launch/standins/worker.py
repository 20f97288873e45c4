"""Stands in for the worker: when asked to stop, it says whether Redis can still take its last words."""

import os
import signal
import sys
from types import FrameType

import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

client = redis.Redis.from_url(os.environ["RQ_REDIS_URL"], retry=Retry(ConstantBackoff(0.02), 500))


def stop(signum: int, _: FrameType | None) -> None:
    sys.stdout.write(f"Redis answers: {client.ping()}\n")
    sys.exit(0)


if __name__ == "__main__":
    client.ping()
    signal.signal(signal.SIGTERM, stop)
    sys.stdout.write("worker is up\n")
    signal.pause()
