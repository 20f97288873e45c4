"""The program `memory`: what the server grows by for each connection that has nothing to do."""

import time
from typing import Final

from bench.fanout.stage import Tools, stage
from bench.measurement import Measurement
from bench.orders import Peer
from bench.process_tree import rss_bytes

PROGRAM: Final = "memory"
CONNECTED_WITHIN_S: Final = 60.0
_LOOK_EVERY_S: Final = 0.3
_CALM: Final = 0.001


def measure_memory(peer: Peer, tools: Tools, *, connections: int, number: int) -> Measurement:
    """Each connection follows a job of its own, after it has been open for a while without one."""
    with stage(peer, tools, jobs=connections) as on, on.crowd(connections) as crowd:
        sizes = [_settled(on.server.pid)]
        crowd.open(CONNECTED_WITHIN_S)
        sizes.append(_settled(on.server.pid))
        count = crowd.follow(CONNECTED_WITHIN_S)
        sizes.append(_settled(on.server.pid))
    rest, opened, following = sizes
    numbers = {
        "open_bytes": (opened - rest) / connections,
        "following_bytes": (following - rest) / connections,
        "rest_bytes": float(rest),
    }
    complete = count.live == connections
    note = "" if complete else f"fails: only {count.live:,} followers got in"
    return Measurement(PROGRAM, peer, number, complete, numbers, f"{connections:,} connections", note)


def _settled(pid: int) -> int:
    """The size once it hardly changes any more."""
    before, size = 0, rss_bytes(pid)
    while abs(size - before) > _CALM * size:
        time.sleep(_LOOK_EVERY_S)
        before, size = size, rss_bytes(pid)
    return size
