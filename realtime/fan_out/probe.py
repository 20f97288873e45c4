"""Whether this node hears the bus: it says something to itself and waits for the echo.

A connection that is open tells nothing: Redis may be frozen, or the subscription lost.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from shared_events.bus import Bus
from shared_events.errors import BusUnavailable

EVERY_S: Final = 1.0
DEAF_AFTER_S: Final = 4.0

_log = structlog.get_logger("probe")


class Probe:
    """Start with `run` as an owned task; `hear` gets what arrives on the probe's channel."""

    def __init__(self, redis: Redis, bus: Bus, channel: str, *, on_echo: Callable[[float], None]) -> None:
        self._redis = redis
        self._bus = bus
        self._channel = channel
        self._on_echo = on_echo
        self._heard_at = -DEAF_AFTER_S
        self._rebuilt_at = time.monotonic()

    @property
    def age_s(self) -> float:
        """Seconds since the bus was last heard."""
        return time.monotonic() - self._heard_at

    @property
    def hears(self) -> bool:
        return self.age_s < DEAF_AFTER_S

    def hear(self, channel: bytes, data: bytes) -> None:
        if channel != self._channel.encode():
            return
        with suppress(ValueError):  # somebody else has said that
            said_at = float(data)
            self._heard_at = time.monotonic()
            self._on_echo(self._heard_at - said_at)

    async def run(self) -> None:
        while True:
            try:
                async with asyncio.timeout(DEAF_AFTER_S):
                    await self._bus.follow(self._channel)
                    await self._redis.publish(self._channel, repr(time.monotonic()))
            except (RedisError, OSError, TimeoutError, BusUnavailable) as error:
                _log.warning("probe_failed", error=str(error) or type(error).__name__)
            if not self.hears and time.monotonic() - self._rebuilt_at > DEAF_AFTER_S:
                _log.error("bus_deaf", age_s=round(self.age_s, 1))
                self._rebuilt_at = time.monotonic()
                self._bus.rebuild()
            await asyncio.sleep(EVERY_S)
