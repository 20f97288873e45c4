"""The loads of the program `fanout`: who follows what, and how fast. Pure."""

from typing import Final

import msgspec


class Scenario(msgspec.Struct, frozen=True):
    """`followers` of each job; `rates`: deliveries a second, one after the other."""

    jobs: int
    followers: int
    rates: tuple[int, ...]

    @property
    def name(self) -> str:
        return f"{self.jobs}x{self.followers}"

    @property
    def connections(self) -> int:
        return self.jobs * self.followers

    def variant(self, rate: int) -> str:
        return f"{self.jobs:,} x {self.followers:,} at {rate:,}/s"


SCENARIOS: Final = (
    Scenario(500, 20, (100_000, 500_000)),
    Scenario(4000, 1, (200_000,)),
    Scenario(1000, 1, (40_000,)),
    Scenario(200, 5, (50_000,)),
    Scenario(1, 1000, (100_000,)),
)
QUICK_SCENARIOS: Final = (Scenario(2, 3, (600,)),)
