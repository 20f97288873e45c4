"""The program `storm`: all followers of a job return at once, each far behind.

*resume*: they are connected already, and ask in the same moment. *return*: they connect, too.
"""

from typing import Final

from bench.fanout.crowd import Count, Crowd
from bench.fanout.stage import Flow, Stage, Tools, stage
from bench.measurement import Measurement
from bench.orders import Peer
from bench.process_tree import forget_peak, peak_bytes, rss_bytes

PROGRAM: Final = "storm"
CONNECTED_WITHIN_S: Final = 60.0
WHOLE_WITHIN_S: Final = 60.0
PATIENCE_S: Final = 5.0
"""A peer whose followers were not whole so soon is spared the second storm."""
_WRITTEN_PER_S: Final = 20_000.0


def measure_storm(peer: Peer, tools: Tools, *, followers: int, behind: int, number: int) -> Measurement:
    """`behind`: events that each follower misses."""
    variant = f"{followers:,} followers, {behind:,} events behind"
    with stage(peer, tools, jobs=1) as on, on.crowd(followers) as crowd:
        _begin(on, crowd)
        resumed, numbers = _resume(on, crowd, behind)
        counts = [resumed]
        if 0 <= resumed.whole_s <= PATIENCE_S:
            counts.append(_return(on, crowd, behind))
    for name, count in zip(("resume_s", "return_s"), counts, strict=False):
        if count.whole_s >= 0:
            numbers[name] = count.whole_s
    whole = all(count.whole == followers for count in counts)
    complete = peer is not Peer.JOBCAST or (whole and all(count.orderly for count in counts))
    note = "" if whole else f"fails: {counts[-1].whole:,} whole after {WHOLE_WITHIN_S:.0f} s"
    return Measurement(PROGRAM, peer, number, complete, numbers, variant, note)


def _begin(on: Stage, crowd: Crowd) -> None:
    """Everyone follows, and has one event: whoever is away later has a checkpoint."""
    crowd.follow(CONNECTED_WITHIN_S)
    if on.peer is not Peer.JOBCAST:
        on.publish(Flow(1, 1, on.live_event()))
        on.last_sequence -= 1
    on.publish(Flow(1, 1, on.logged_event()))
    crowd.reach(on.last_sequence, CONNECTED_WITHIN_S)


def _miss(on: Stage, crowd: Crowd, behind: int) -> None:
    crowd.drop()
    on.publish(Flow(_WRITTEN_PER_S, behind / _WRITTEN_PER_S, on.logged_event()))


def _resume(on: Stage, crowd: Crowd, behind: int) -> tuple[Count, dict[str, float]]:
    _miss(on, crowd, behind)
    crowd.open(CONNECTED_WITHIN_S)
    rest, reads, redis_s = rss_bytes(on.server.pid), on.redis.reads, on.redis.cpu_s
    forget_peak(on.server.pid)
    count = crowd.reach(on.last_sequence, WHOLE_WITHIN_S)
    called = {name: calls - reads[name] for name, calls in on.redis.reads.items()}
    return count, {
        "peak_bytes": float(max(0, peak_bytes(on.server.pid) - rest)),
        "redis_ranges": called["xrange"],
        "redis_reads": sum(called.values()),
        "redis_cpu_s": on.redis.cpu_s - redis_s,
        "received_bytes": count.bytes,
        "skipped": count.skipped,
    }


def _return(on: Stage, crowd: Crowd, behind: int) -> Count:
    _miss(on, crowd, behind)
    return crowd.reach(on.last_sequence, WHOLE_WITHIN_S)
