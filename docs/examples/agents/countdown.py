import time
from typing import Annotated

import msgspec
from msgspec import Meta

from agents import SyncJobContext, agent


class Start(msgspec.Struct):
    start: Annotated[int, Meta(ge=1, le=1000)] = 10
    pause_s: Annotated[float, Meta(ge=0, le=10)] = 1.0


@agent("countdown")
def countdown(job: SyncJobContext[Start]) -> None:
    """Counts down, without a model and without async."""
    start = job.input.start
    for number in range(start, 0, -1):
        job.on_chunk(f"{number}… ")
        job.progress(100 * (start - number) / start)
        time.sleep(job.input.pause_s)
        job.check()
    job.on_chunk("Lift-off!")
