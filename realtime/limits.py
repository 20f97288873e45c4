"""How much a connection and a user may ask for: requests are answered with `too_many` beyond that."""

import time
from typing import Final

from realtime.errors import TooMany
from realtime.rates import Rates, TokenBucket

PER_CONNECTION_S: Final = 100.0
PER_CONNECTION_BURST: Final = 1000.0
"""A page that comes back subscribes to all that it followed."""
PER_USER_S: Final = 2000.0
PER_USER_BURST: Final = 30_000.0
COSTS: Final = {"job:submit": 2.0}
"""What a request takes out of a bucket, in place of 1."""


class Limits:
    """Each connection has a budget of its own; the users' are kept here."""

    def __init__(self) -> None:
        self._users = Rates(rate=PER_USER_S, burst=PER_USER_BURST)

    def check(self, request: str, *, user: str, budget: TokenBucket | None = None) -> None:
        """Raises `TooMany`."""
        cost = COSTS.get(request, 1.0)
        now = time.monotonic()
        if budget is not None and not budget.take(
            cost, rate=PER_CONNECTION_S, burst=PER_CONNECTION_BURST, now=now
        ):
            raise TooMany(
                f"One connection may ask {PER_CONNECTION_S:g} times a second: ask again in a moment."
            )
        if not self._users.allow(user, cost):
            raise TooMany(f"One user may ask {PER_USER_S:g} times a second: ask again in a moment.")
