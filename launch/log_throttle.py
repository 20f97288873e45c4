"""Keeps an outage or an attack from filling the log: what would be said all the time is said now and then."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

import structlog
from structlog.types import EventDict, WrappedLogger

SAID_EVERY_S: Final = 10.0
OUTAGE_EVENTS: Final = frozenset(
    {
        "bus_lost",
        "bus_message_invalid",
        "catch_up_failed",
        "compare_failed",
        "heartbeat_failed",
        "lease_not_renewed",
        "leases_not_renewed",
        "log_unreachable",
        "log_missed",
        "mend_failed",
        "node_full",
        "not_announced",
        "protocol_violation",
        "queues_out_of_reach",
        "redis_out_of_reach",
        "slow_consumer_closed",
        "sweep_failed",
        "upkeep_failed",
    }
)


class LogThrottle:
    """A structlog processor: each of `OUTAGE_EVENTS` once in `SAID_EVERY_S`; `more` counts the others."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._said_at: dict[str, float] = {}
        self._unsaid: dict[str, int] = {}

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        name = str(event.get("event"))
        if name not in OUTAGE_EVENTS:
            return event
        with self._lock:
            now = self._clock()
            if now - self._said_at.get(name, -SAID_EVERY_S) < SAID_EVERY_S:
                self._unsaid[name] = self._unsaid.get(name, 0) + 1
                raise structlog.DropEvent
            self._said_at[name] = now
            unsaid = self._unsaid.pop(name, 0)
        return {**event, "more": unsaid} if unsaid else event


SELDOM: Final = ("Error handling request", "socket.accept() out of system resource")
"""How messages of libraries begin that anybody can cause, thousands a second, each with a traceback."""


class Seldom(logging.Filter):
    """Of the standard library's handlers: lets each of `SELDOM` through once in `SAID_EVERY_S`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._said_at: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        name = next((begin for begin in SELDOM if str(record.msg).startswith(begin)), None)
        if name is None:
            return True
        now = self._clock()
        if now - self._said_at.get(name, -SAID_EVERY_S) < SAID_EVERY_S:
            return False
        self._said_at[name] = now
        return True
