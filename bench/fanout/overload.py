"""The program `overload`: ten times what a server carries, and how soon afterwards all is as before."""

import time
from typing import Final

from bench.fanout.crowd import Count, Crowd
from bench.fanout.stage import Flow, Stage, Tools, sent, stage
from bench.measurement import Measurement
from bench.orders import Peer

PROGRAM: Final = "overload"
FACTOR: Final = 10
NORMAL_PER_S: Final = 10.0
"""Events of each job, which has many followers: so Redis is not what is overloaded."""
CONNECTED_WITHIN_S: Final = 30.0
GIVEN_UP: Final = 1.5
"""Times as long as the overload was, and a little."""
SLOWER_MS: Final = 10.0
SLOWER: Final = 2.0
"""Back to normal: p99 at most twice as high as before, or 10 ms above that."""
WARM_S: Final = 0.3
_WINDOW_S: Final = 0.2
_GROWTH: Final = 2.0
_STEP_S: Final = 1.0
"""Of one look at what it carries; less where the overload itself is shorter."""
_CARRIED: Final = 0.9
_STEPS: Final = 8
_RESTS: Final = 0.2
"""Before the overload, of its length."""
_LITTLE_S: Final = 1.0


def measure_overload(
    peer: Peer, tools: Tools, *, jobs: int, followers: int, seconds: float, number: int
) -> Measurement:
    """`followers`: of each job."""
    variant = f"{jobs:,} x {followers:,}, {FACTOR} times for {seconds:.0f} s"
    with stage(peer, tools, jobs=jobs) as on, on.crowd(jobs * followers) as crowd:
        crowd.follow(CONNECTED_WITHIN_S)
        step_s = min(_STEP_S, seconds)
        normal = _push(on, crowd, NORMAL_PER_S * jobs, step_s)
        carried = _carried(on, crowd, step_s)
        time.sleep(_RESTS * seconds)
        burst = _push(on, crowd, FACTOR * carried, seconds)
        patience_s = _LITTLE_S + GIVEN_UP * seconds
        back_s, after = _recover(on, crowd, normal, patience_s)
    numbers = {
        "normal_p99_ms": normal.p99_ms,
        "carried_per_s": carried * followers,
        "burst_per_s": burst.per_s,
        "burst_p99_ms": burst.p99_ms,
        "after_p99_ms": after.p99_ms,
        "lost": burst.lost + after.lost,
    }
    note = "" if back_s is not None else f"fails: not back after {patience_s:.0f} s"
    complete = peer is not Peer.JOBCAST or (burst.orderly and after.orderly)
    recovered = {} if back_s is None else {"back_s": back_s}
    return Measurement(PROGRAM, peer, number, complete, numbers | recovered, variant, note)


def _push(on: Stage, crowd: Crowd, per_s: float, seconds: float) -> Count:
    """What arrives while so many events a second are published, and were for a moment before."""
    flow = Flow(per_s, WARM_S + seconds, on.lasting_event())
    with on.publishing(flow) as publisher:
        count = crowd.measure(WARM_S, seconds)
        sent(publisher, flow)
    return count


def _carried(on: Stage, crowd: Crowd, step_s: float) -> float:
    """Events a second of which nearly all arrive in their time."""
    per_s = NORMAL_PER_S * on.jobs
    followers = crowd.followers.count / on.jobs
    for _ in range(_STEPS):
        if _push(on, crowd, per_s * _GROWTH, step_s).per_s < _CARRIED * per_s * _GROWTH * followers:
            break
        per_s *= _GROWTH
    return per_s


def _recover(on: Stage, crowd: Crowd, normal: Count, patience_s: float) -> tuple[float | None, Count]:
    """Seconds until new events are as fast as they were; None if that takes too long."""
    limit_ms = max(SLOWER * normal.p99_ms, normal.p99_ms + SLOWER_MS)
    enough = normal.timed / normal.seconds * _WINDOW_S * _CARRIED
    flow = Flow(NORMAL_PER_S * on.jobs, patience_s, on.lasting_event())
    began = time.monotonic()
    with on.publishing(flow):
        while (passed := time.monotonic() - began) < patience_s - _WINDOW_S:
            count = crowd.measure(0, _WINDOW_S)
            if count.timed >= enough and count.p99_ms <= limit_ms:
                return passed, count
    return None, count
