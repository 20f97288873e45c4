"""How much may be asked: token buckets. Pure."""

import math
import time
from collections.abc import Callable, Hashable
from typing import Final

MOST_BUCKETS: Final = 100_000


class TokenBucket:
    """Full at first. It holds up to `burst` tokens and gains `rate` of them a second."""

    __slots__ = ("_at", "_tokens")

    def __init__(self, now: float) -> None:
        self._tokens = math.inf
        self._at = now

    def take(self, cost: float, *, rate: float, burst: float, now: float) -> bool:
        """Whether there was enough; if not, nothing is taken."""
        self._tokens = min(burst, self._tokens + (now - self._at) * rate)
        self._at = now
        if cost > self._tokens:
            return False
        self._tokens -= cost
        return True

    def wait_s(self, tokens: float, *, rate: float, burst: float, now: float) -> float:
        """Seconds until it holds `tokens`."""
        held = min(burst, self._tokens + (now - self._at) * rate)
        return max(0.0, (tokens - held) / rate)


class Rates:
    """A bucket for each key, of which those that are not used are forgotten."""

    def __init__(self, *, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._buckets: dict[Hashable, TokenBucket] = {}

    def allow(self, key: Hashable, cost: float = 1.0) -> bool:
        now = self._clock()
        bucket = self._buckets.get(key)
        if bucket is None:
            self._forget()
            bucket = self._buckets[key] = TokenBucket(now)
        return bucket.take(cost, rate=self._rate, burst=self._burst, now=now)

    def _forget(self) -> None:
        """The oldest keys go: a bucket that comes again is full, as it would be by then."""
        while len(self._buckets) >= MOST_BUCKETS:
            del self._buckets[next(iter(self._buckets))]
