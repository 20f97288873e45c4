"""The catalogue: which agents and backends the living workers announce, kept in Redis with a TTL."""

from collections.abc import Awaitable
from typing import Any, Final, cast

import msgspec
from redis.asyncio import Redis

from shared_events.contract import AgentEntry, Announcement, BackendEntry
from shared_events.events import now_ms
from shared_events.keys import Keys

ANNOUNCE_EVERY_S: Final = 10.0
FRESH_S: Final = 60.0
"""An announcement counts for this long, so that a restart of the workers refuses no submit."""


class Catalogue(msgspec.Struct, frozen=True):
    """The union of what the workers announce."""

    agents: dict[str, AgentEntry]
    backends: dict[str, BackendEntry]


async def announce(redis: "Redis", keys: Keys, announcement: Announcement) -> None:
    """Tell what a worker can do; to be repeated every `ANNOUNCE_EVERY_S`."""
    async with redis.pipeline(transaction=True) as pipe:
        pipe.hset(keys.catalogue(), announcement.worker, msgspec.json.encode(announcement).decode())
        pipe.expire(keys.catalogue(), int(FRESH_S))
        await pipe.execute()


async def withdraw(redis: "Redis", keys: Keys, worker: str) -> None:
    """Take a worker's announcement back when it stops for good."""
    await cast("Awaitable[Any]", redis.hdel(keys.catalogue(), worker))


async def read_catalogue(redis: "Redis", keys: Keys) -> Catalogue:
    """What can be asked for now; entries of workers long silent are left out, and dropped."""
    fields = await cast("Awaitable[dict[bytes, bytes]]", redis.hgetall(keys.catalogue()))
    known = [msgspec.json.decode(data, type=Announcement) for data in fields.values()]
    fresh = [one for one in known if now_ms() - one.announced_ms < FRESH_S * 1000]
    stale = [one.worker for one in known if one not in fresh]
    if stale:
        await cast("Awaitable[Any]", redis.hdel(keys.catalogue(), *stale))
    fresh.sort(key=lambda one: one.announced_ms)
    return Catalogue(
        agents={agent.name: agent for one in fresh for agent in one.agents},
        backends={backend.name: backend for one in fresh for backend in one.backends},
    )
