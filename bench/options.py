"""How much is measured."""

from enum import StrEnum
from typing import Final

import msgspec

from bench.fanout.scenarios import QUICK_SCENARIOS, SCENARIOS, Scenario

PACED_JOBS: Final = 20
PACED_RATE: Final = 50.0
"""Events a second and job: what a language model brings."""
PUBLISHED_PER_EVENT: Final = 10


class Program(StrEnum):
    """What can be measured."""

    PUBLISH = "publish"
    APPEND = "append"
    STREAMS = "streams"
    BACKENDS = "backends"
    BURST = "burst"
    PACED = "paced"
    FANOUT = "fanout"
    MEMORY = "memory"
    STORM = "storm"
    SLOW = "slow"
    OVERLOAD = "overload"


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
    read_paced: int = 200
    """Answers of a human pace that one process reads at once."""
    read_unpaced: int = 50
    read_tokens: int = 2000
    """Of each answer that nothing paces."""
    append_jobs: int = 64
    append_calls: int = 256
    """Of each job."""
    scenarios: tuple[Scenario, ...] = SCENARIOS
    fanout_s: float = 2.0
    """So long one rate of a scenario is measured."""
    idle: int = 1000
    """Connections of which the memory is measured."""
    returning: int = 1000
    behind: int = 2000
    """So many events miss those who return."""
    slow_s: float = 12.0
    overloaded: tuple[int, int] = (4, 250)
    """Jobs, and followers of each."""
    overload_s: float = 10.0

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
    read_paced=3,
    read_unpaced=3,
    read_tokens=40,
    append_jobs=4,
    append_calls=8,
    scenarios=QUICK_SCENARIOS,
    fanout_s=0.3,
    idle=5,
    returning=5,
    behind=50,
    slow_s=0.5,
    overloaded=(2, 2),
    overload_s=0.3,
)
"""Shows that everything works; its numbers mean nothing."""
