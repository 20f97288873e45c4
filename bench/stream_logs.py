"""Where the streams' events have gone: read from Redis, Jobcast's logs and those of the stock runners."""

from collections.abc import Sequence
from typing import Any, Final, Protocol, cast

import msgspec
import redis
from rq import Queue

from bench.stock_stream import log_key
from bench.transcript import Kept, Ticket
from shared_events.answers import meta
from shared_events.events import JobSnapshot
from shared_events.ids import JobId
from shared_events.keys import Keys

BEGINNING: Final = 4
"""A stream's first chunk comes behind two statuses."""
_KEYS: Final = Keys()
_QUEUE: Final = _KEYS.queue("normal")
_END: Final = b'["job:completed"'
Entry = tuple[bytes, dict[bytes, bytes]]


class StreamLogs(Protocol):
    def written(self, tickets: Sequence[Ticket]) -> int:
        """How many events have been written to all logs together."""

    def beginnings(self, tickets: Sequence[Ticket]) -> list[list[bytes]]:
        """The `BEGINNING` oldest events that each log has."""

    def ended(self, tickets: Sequence[Ticket]) -> bool:
        """Whether all jobs have ended, and nobody changes their logs any more."""

    def read(self, tickets: Sequence[Ticket]) -> list[Kept]: ...

    def memory_bytes(self) -> int:
        """What all keys of all jobs take in Redis."""


class JobcastLogs:
    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def written(self, tickets: Sequence[Ticket]) -> int:
        return sum(int(head or 0) for head in self._each(tickets, "head"))

    def beginnings(self, tickets: Sequence[Ticket]) -> list[list[bytes]]:
        return _beginnings(self._client, [_KEYS.log(JobId(ticket.job)) for ticket in tickets])

    def ended(self, tickets: Sequence[Ticket]) -> bool:
        # A worker compacts a job's log after its end; when RQ has heard of the end, that is over.
        running = Queue(_QUEUE, connection=self._client).started_job_registry.key
        return all(self._each(tickets, "closed")) and not self._client.zcard(running)

    def read(self, tickets: Sequence[Ticket]) -> list[Kept]:
        return [self._read(JobId(ticket.job)) for ticket in tickets]

    def memory_bytes(self) -> int:
        return _memory_bytes(self._client, f"{_KEYS.prefix}:{{*}}*")

    def _each(self, tickets: Sequence[Ticket], field: str) -> list[Any]:
        with self._client.pipeline(transaction=False) as pipe:
            for ticket in tickets:
                pipe.hget(_KEYS.meta(JobId(ticket.job)), field)
            return pipe.execute()

    def _read(self, job: JobId) -> Kept:
        """In one transaction: its parts belong together also while the job runs."""
        with self._client.pipeline(transaction=True) as pipe:
            pipe.hgetall(_KEYS.meta(job))
            pipe.get(_KEYS.base(job))
            pipe.xrange(_KEYS.log(job))
            fields, encoded, entries = pipe.execute()
        told = meta(fields)
        base = msgspec.json.decode(encoded, type=JobSnapshot) if encoded else None
        return Kept(told.first, told.head, _events(entries), base, told.epoch)


class StockLogs:
    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def written(self, tickets: Sequence[Ticket]) -> int:
        with self._client.pipeline(transaction=False) as pipe:
            for ticket in tickets:
                pipe.xlen(log_key(ticket.job))
            return sum(pipe.execute())

    def beginnings(self, tickets: Sequence[Ticket]) -> list[list[bytes]]:
        return _beginnings(self._client, [log_key(ticket.job) for ticket in tickets])

    def ended(self, tickets: Sequence[Ticket]) -> bool:
        with self._client.pipeline(transaction=False) as pipe:
            for ticket in tickets:
                pipe.xrevrange(log_key(ticket.job), count=1)
            newest = [_events(entries) for entries in pipe.execute()]
        return all(events and events[0].startswith(_END) for events in newest)

    def read(self, tickets: Sequence[Ticket]) -> list[Kept]:
        return [self._read(ticket.job) for ticket in tickets]

    def memory_bytes(self) -> int:
        return _memory_bytes(self._client, log_key("*"))

    def _read(self, job: str) -> Kept:
        events = _events(cast("list[Entry]", self._client.xrange(log_key(job))))
        return Kept(first=1, head=len(events), events=events)


def _events(entries: Sequence[Entry]) -> list[bytes]:
    return [fields[b"e"] for _, fields in entries]


def _beginnings(client: redis.Redis, logs: Sequence[str]) -> list[list[bytes]]:
    with client.pipeline(transaction=False) as pipe:
        for log in logs:
            pipe.xrange(log, count=BEGINNING)
        return [_events(entries) for entries in pipe.execute()]


def _memory_bytes(client: redis.Redis, pattern: str) -> int:
    with client.pipeline(transaction=False) as pipe:
        for key in client.scan_iter(match=pattern, count=1000):
            pipe.memory_usage(key, samples=0)
        return sum(size or 0 for size in pipe.execute())
