"""How much is measured."""

from enum import StrEnum
from typing import Final

import msgspec

PACED_JOBS: Final = 20
PACED_RATE: Final = 50.0
"""Events a second and job: what a language model brings."""
PUBLISHED_PER_EVENT: Final = 10


class Program(StrEnum):
    """What can be measured."""

    PUBLISH = "publish"
    APPEND = "append"
    STREAMS = "streams"
    BURST = "burst"
    PACED = "paced"


class Options(msgspec.Struct, frozen=True):
    """`events`: of the burst. The publishing program publishes ten times as many, to nobody."""

    programs: tuple[Program, ...] = tuple(Program)
    followers: int = 200
    events: int = 1000
    rounds: int = 3
    paced_s: float = 4.0
    streams: tuple[int, ...] = (200, 500, 1000)
    stock_jobs: int = 16
    """So many jobs run at once, each in its process, on stock RQ."""
    window_s: float = 5.0
    """So long the streams are watched."""
    append_jobs: int = 64
    append_calls: int = 256
    """Of each job."""

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


QUICK: Final = Options(
    followers=10,
    events=50,
    rounds=1,
    paced_s=0.5,
    streams=(3,),
    stock_jobs=2,
    window_s=0.5,
    append_jobs=4,
    append_calls=8,
)
"""Shows that everything works; its numbers mean nothing."""
