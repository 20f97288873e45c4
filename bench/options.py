"""How much is measured."""

from typing import Final

import msgspec

PACED_JOBS: Final = 20
PACED_RATE: Final = 50.0
"""Events a second and job: what a language model brings."""
PUBLISHED_PER_EVENT: Final = 10


class Options(msgspec.Struct, frozen=True):
    """`events`: of the burst. The publishing program publishes ten times as many, to nobody."""

    followers: int = 200
    events: int = 1000
    rounds: int = 3
    paced_s: float = 4.0

    @property
    def published(self) -> int:
        return self.events * PUBLISHED_PER_EVENT

    @property
    def paced_jobs(self) -> int:
        return min(PACED_JOBS, self.followers)

    @property
    def paced_events(self) -> int:
        """Of each job."""
        return round(PACED_RATE * self.paced_s)


QUICK: Final = Options(followers=10, events=50, rounds=1, paced_s=0.5)
"""Shows that everything works; its numbers mean nothing."""
