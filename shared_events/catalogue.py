"""The catalogue: which agents and backends the living workers announce, kept in Redis with a TTL."""

from collections.abc import Awaitable
from typing import Any, Final, cast

import msgspec
from redis import Redis as SyncRedis
from redis.asyncio import Redis

from shared_events.contract import AgentEntry, Announcement, BackendEntry
from shared_events.events import now_ms
from shared_events.keys import Keys

FRESH_S: Final = 60.0
"""An announcement counts for this long, so that a restart of the workers refuses no submit."""


class Announced(msgspec.Struct, frozen=True):
    """An announcement and when it was made, in Unix milliseconds."""

    at_ms: int
    announcement: Announcement


class Catalogue(msgspec.Struct, frozen=True):
    """The union of what the workers announce."""

    agents: dict[str, AgentEntry]
    backends: dict[str, BackendEntry]


def announce(redis: SyncRedis, keys: Keys, worker: str, announcement: Announcement) -> None:
    """Tell what a worker can do; to be repeated well within `FRESH_S`."""
    entry = msgspec.json.encode(Announced(now_ms(), announcement))
    with redis.pipeline(transaction=True) as pipe:
        pipe.hset(keys.catalogue(), worker, entry.decode())
        pipe.expire(keys.catalogue(), int(FRESH_S))
        pipe.execute()


def withdraw(redis: SyncRedis, keys: Keys, worker: str) -> None:
    """Take a worker's announcement back when it stops for good."""
    redis.hdel(keys.catalogue(), worker)


async def read_catalogue(redis: Redis, keys: Keys) -> Catalogue:
    """What can be asked for now; entries of workers long silent are left out, and dropped."""
    fields = await cast("Awaitable[dict[bytes, bytes]]", redis.hgetall(keys.catalogue()))
    known = {worker: msgspec.json.decode(entry, type=Announced) for worker, entry in fields.items()}
    oldest = now_ms() - FRESH_S * 1000
    stale = [worker for worker, entry in known.items() if entry.at_ms < oldest]
    if stale:
        await cast("Awaitable[Any]", redis.hdel(keys.catalogue(), *stale))
    # The newest announcement has the last word on an agent that several workers offer.
    fresh = [e.announcement for e in sorted(known.values(), key=lambda e: e.at_ms) if e.at_ms >= oldest]
    return Catalogue(
        agents={agent.name: agent for one in fresh for agent in one.agents},
        backends={backend.name: backend for one in fresh for backend in one.backends},
    )
