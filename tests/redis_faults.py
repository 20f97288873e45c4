"""What may happen to what a Redis holds: its log's tail is lost, or a replica that lags behind takes over."""

from pathlib import Path
from typing import Final, NamedTuple, cast

import redis

_NO_TTL: Final = -1


class _Entry(NamedTuple):
    value: bytes
    ttl_ms: int


class Replica(NamedTuple):
    """All keys as they were at one moment."""

    entries: dict[bytes, _Entry]


def replicate(url: str) -> Replica:
    """What a replica would hold if replication stopped now."""
    with redis.Redis.from_url(url, protocol=2) as client:
        keys = cast("list[bytes]", client.keys())
        with client.pipeline(transaction=True) as pipe:
            for key in keys:
                pipe.dump(key)
                pipe.pttl(key)
            replies = pipe.execute()
    entries = zip(keys, replies[::2], replies[1::2], strict=True)
    return Replica({key: _Entry(value, ttl_ms) for key, value, ttl_ms in entries if value is not None})


def fail_over(url: str, replica: Replica) -> None:
    """All connections end; who connects again finds what the replica has seen, and no scripts."""
    with redis.Redis.from_url(url, protocol=2) as client, client.pipeline(transaction=True) as pipe:
        drop_connections(pipe)
        pipe.flushall()
        for key, (value, ttl_ms) in replica.entries.items():
            pipe.restore(key, 0 if ttl_ms == _NO_TTL else ttl_ms, value)
        pipe.script_flush()
        pipe.execute()


def drop_connections(client: redis.Redis) -> None:
    """All but that of `client`."""
    for kind in ("normal", "pubsub"):
        client.client_kill_filter(_type=kind, skipme=True)


def cut_tail(directory: Path, lost_bytes: int) -> None:
    """Takes the end off the append-only file of a server that does not run."""
    newest = max(directory.glob("appendonlydir/*.incr.aof"), key=lambda path: path.stat().st_mtime)
    size = newest.stat().st_size
    with newest.open("r+b") as file:
        file.truncate(max(0, size - lost_bytes))
