"""The program `slow`: of the followers of a busy job one never reads and one reads 1 kB/s.

The honest ones are measured twice, without those two and beside them.
"""

import time
from typing import Final

from bench.fanout.crowd import Count, Crowd
from bench.fanout.stage import Flow, Stage, Tools, sent, stage
from bench.measurement import Measurement
from bench.orders import Peer
from bench.process_tree import descriptors, rss_bytes
from bench.processes import Process

PROGRAM: Final = "slow"
HONEST: Final = 50
EVENTS_PER_S: Final = 150.0
TEXT: Final = "word " * 1600
"""Events of 8 kB: the system keeps 4 MB for who does not read, and then the server must, or must not."""
CONNECTED_WITHIN_S: Final = 30.0
BACK_WITHIN_S: Final = 10.0
_POOLED_S: Final = 1.0
_WARM_S: Final = 1.0
_LOOK_EVERY_S: Final = 0.25


def measure_slow(peer: Peer, tools: Tools, *, seconds: float, number: int) -> Measurement:
    variant = f"{HONEST} honest followers, 2 slow; {EVENTS_PER_S:.0f} events/s of {len(TEXT) // 1000} kB"
    with stage(peer, tools, jobs=1) as on:
        base = _base(on)
        with on.crowd(HONEST) as honest:
            honest.follow(CONNECTED_WITHIN_S)
            alone, _ = _measure(on, honest, seconds)
            with on.crowd(2, never_read=1, read_slowly=1) as slow:
                slow.follow(CONNECTED_WITHIN_S)
                beside, sizes = _measure(on, honest, seconds)
        left = _descriptors_left(on.server, base)
    numbers = {
        "alone_p99_ms": alone.p99_ms,
        "beside_p99_ms": beside.p99_ms,
        "grown_bytes": float(sizes[-1] - sizes[0]),
        "peak_bytes": float(max(sizes) - sizes[0]),
        "published_bytes": EVENTS_PER_S * seconds * len(TEXT),
        "descriptors_left": left,
        "gaps": beside.gaps,
        "doubles": beside.doubles,
        "lost": beside.lost,
    }
    complete = peer is not Peer.JOBCAST or (alone.orderly and beside.orderly and beside.lost == 0)
    return Measurement(PROGRAM, peer, number, complete, numbers, variant)


def _base(on: Stage) -> int:
    """Descriptors that are open when followers have come and gone: a pool of connections stays."""
    at_first = descriptors(on.server.pid)
    with on.crowd(HONEST + 2) as crowd:
        crowd.follow(CONNECTED_WITHIN_S)
    _descriptors_left(on.server, at_first, within_s=_POOLED_S)
    return descriptors(on.server.pid)


def _measure(on: Stage, honest: Crowd, seconds: float) -> tuple[Count, list[int]]:
    """What the honest ones saw, and the server's size from beginning to end."""
    flow = Flow(EVENTS_PER_S, _WARM_S + seconds, on.lasting_event(TEXT))
    with on.publishing(flow) as publisher:
        honest.begin(_WARM_S, seconds)
        time.sleep(_WARM_S)
        sizes = _watch(on.server.pid, seconds)
        count = honest.counted(seconds)
        sent(publisher, flow)
    return count, sizes


def _watch(pid: int, seconds: float) -> list[int]:
    sizes, ends = [rss_bytes(pid)], time.monotonic() + seconds
    while time.monotonic() < ends:
        time.sleep(_LOOK_EVERY_S)
        sizes.append(rss_bytes(pid))
    return sizes


def _descriptors_left(server: Process, base: int, within_s: float = BACK_WITHIN_S) -> int:
    """How many more than `base` are open, as soon as none is, or time is up."""
    ends = time.monotonic() + within_s
    while (left := descriptors(server.pid) - base) > 0 and time.monotonic() < ends:
        time.sleep(_LOOK_EVERY_S)
    return left
