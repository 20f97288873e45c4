"""The program `fanout`: the same offered load for every peer, with the CPU that its server takes for it."""

import time
from collections.abc import Iterator
from typing import Final

from bench.fanout.crowd import Count, Crowd
from bench.fanout.scenarios import Scenario
from bench.fanout.stage import Flow, Sent, Stage, Tools, sent, stage
from bench.measurement import Measurement
from bench.orders import Peer
from bench.process_tree import rss_bytes

PROGRAM: Final = "fanout"
CONNECTED_WITHIN_S: Final = 90.0
REACHED: Final = 0.95
"""Of the offered deliveries; a peer that carries less fails."""
WARM_S: Final = 0.6
_TAIL_S: Final = 0.3
"""Publishing goes on for a moment after the measurement."""
_CPU_SHARE: Final = 0.9
"""Of the measured time: within it, and not beside it, the server's CPU is read."""


def measure_scenario(
    scenario: Scenario, peer: Peer, tools: Tools, *, rounds: int, seconds: float
) -> Iterator[Measurement]:
    """All rates and rounds; after a rate that the peer does not carry come no others."""
    with (
        stage(peer, tools, jobs=scenario.jobs, patient_bus=True) as on,
        on.crowd(scenario.connections) as crowd,
    ):
        before = rss_bytes(on.server.pid)
        joined = crowd.follow(CONNECTED_WITHIN_S)
        if joined.live < scenario.connections:
            yield _missing(peer, scenario, f"only {joined.live:,} followers got in")
            return
        grown = rss_bytes(on.server.pid) - before
        for rate in scenario.rates:
            for number in range(1, rounds + 1):
                one = _measure_rate(scenario, rate, on, crowd, seconds=seconds, number=number)
                one.numbers["bytes_per_connection"] = grown / scenario.connections
                yield one
                if one.note:
                    return


def _missing(peer: Peer, scenario: Scenario, why: str) -> Measurement:
    variant = scenario.variant(scenario.rates[0])
    return Measurement(PROGRAM, peer, 1, peer is not Peer.JOBCAST, {}, variant, f"fails: {why}")


def _measure_rate(
    scenario: Scenario, rate: int, on: Stage, crowd: Crowd, *, seconds: float, number: int
) -> Measurement:
    per_s = rate / scenario.followers
    flow = Flow(per_s, WARM_S + seconds + _TAIL_S, on.live_event())
    with on.publishing(flow) as publisher:
        crowd.begin(WARM_S, seconds)
        server_busy = _busy(on, seconds)
        count, done = crowd.counted(seconds), sent(publisher, flow)
    reached = count.per_s / rate
    note = "" if reached >= REACHED else f"fails (reached {count.per_s:,.0f}/s)"
    complete = on.peer is not Peer.JOBCAST or (count.orderly and count.lost == 0)
    numbers = _numbers(count, done, server_busy)
    return Measurement(PROGRAM, on.peer, number, complete, numbers, scenario.variant(rate), note)


def _busy(on: Stage, seconds: float) -> float:
    """Cores that the server uses in the middle of the measured time."""
    time.sleep(WARM_S + seconds * (1 - _CPU_SHARE) / 2)
    began, cpu_s = time.monotonic(), on.server.cpu_s
    time.sleep(seconds * _CPU_SHARE)
    return (on.server.cpu_s - cpu_s) / (time.monotonic() - began)


def _numbers(count: Count, done: Sent, server_busy: float) -> dict[str, float]:
    return {
        "deliveries_per_s": count.per_s,
        "server_us_per_delivery": server_busy / max(1.0, count.per_s) * 1e6,
        "server_busy": server_busy,
        "client_busy": count.cpu_s / count.seconds,
        "frames_per_s": count.frames / count.seconds,
        "bytes_per_delivery": count.bytes / max(1, count.delivered),
        "p50_ms": count.p50_ms,
        "p99_ms": count.p99_ms,
        "max_ms": count.max_ms,
        "gaps": count.gaps,
        "doubles": count.doubles,
        "skipped": count.skipped,
        "resets": count.resets,
        "lost": count.lost,
        "publisher_late_ms": done.late_ms,
    }
