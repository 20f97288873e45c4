"""Streams: so many answers at once, from a paced server through a worker into Redis.

First one stream alone, then all others: what memory grows by is theirs. In the window, all are live; at its
end and after the last answer Redis is asked what it holds.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from bench.first_chunks import FirstChunks
from bench.fleet import Fleet, fleet, settle
from bench.measurement import Measurement
from bench.options import PACED_RATE, Options
from bench.orders import Runner
from bench.paced import Paced, paced_server
from bench.process_tree import cpu_s, memory_bytes
from bench.processes import Processes
from bench.redis_server import RedisServer
from bench.stream_logs import StreamLogs
from bench.transcript import Kept, Ticket, Transcript, count_torn, count_wrong, transcript

PROGRAM: Final = "streams"
ALL_LIVE_WITHIN_S: Final = 120.0
ALL_ENDED_WITHIN_S: Final = 300.0
UNPACED: Final = 50
"""So many streams are enough; what the sockets hold of each has to be read to the end."""
WARM_UP: Final = 0.2
"""So long, in windows, after the last stream's beginning the first one begins."""


class Streams(msgspec.Struct, frozen=True):
    """`rate`: tokens a second and stream; None is as fast as they are read."""

    runner: Runner
    streams: int
    rate: float | None = PACED_RATE

    @property
    def variant(self) -> str:
        return f"{self.streams} " + ("unpaced" if self.rate is None else f"× {self.rate:g}/s")


class Sample(msgspec.Struct, frozen=True):
    """How far everything is at a moment; CPU times in seconds."""

    at: float
    events: int
    worker_s: float
    redis_s: float
    server_s: float
    sent: int


def all_streams(options: Options) -> list[Streams]:
    """What is measured in a round."""
    fewest = min(options.streams)
    return [
        *(Streams(Runner.JOBCAST, streams) for streams in options.streams),
        Streams(Runner.ASYNCIO, fewest),
        Streams(Runner.RQ, options.stock_jobs),
        *(Streams(runner, min(fewest, UNPACED), None) for runner in (Runner.JOBCAST, Runner.ASYNCIO)),
    ]


def measure_streams(
    streams: Streams, processes: Processes, redis: RedisServer, *, window_s: float, number: int
) -> Measurement:
    redis.clear()
    with (
        paced_server(processes, streams.rate) as paced,
        fleet(streams.runner, streams.streams, processes=processes, redis=redis, paced=paced) as running,
    ):
        numbers, tickets = _load(running, paced, streams.streams)
        time.sleep(WARM_UP * window_s)
        numbers |= _watch(running, paced, redis, tickets, window_s)
        numbers |= _look_live(running.logs, tickets)
        paced.finish()
        running.process.wait_until(lambda: running.logs.ended(tickets), ALL_ENDED_WITHIN_S)
        numbers |= _look_back(running.logs, tickets, paced.said())
    numbers |= {"streams": streams.streams, "rate": streams.rate or 0}
    complete = numbers["torn"] == numbers["wrong"] == 0
    return Measurement(PROGRAM, streams.runner, number, complete, numbers, streams.variant)


def _load(running: Fleet, paced: Paced, streams: int) -> tuple[dict[str, float], list[Ticket]]:
    """Bring all streams to life; what memory they take, and when each had its first chunk."""
    pid, first = running.process.pid, FirstChunks(running.logs)
    idle = memory_bytes(pid)
    tickets = _start(range(1), running, paced, first)
    settle(running.process)
    one = memory_bytes(pid)
    tickets += _start(range(1, streams), running, paced, first)
    everything = memory_bytes(pid)
    numbers = {
        "idle_bytes": idle,
        "worker_bytes": everything,
        "worker_bytes_per_stream": everything / streams,
        "bytes_per_stream": (everything - one) / max(1, streams - 1),
    }
    return numbers | first.numbers, tickets


def _start(numbers: range, running: Fleet, paced: Paced, first: FirstChunks) -> list[Ticket]:
    """The streams `numbers`, all live, each with text in its log."""
    tickets = running.submit(numbers)
    first.expect(tickets)
    running.process.wait_until(
        lambda: first.looked() and paced.standing().live >= numbers.stop, ALL_LIVE_WITHIN_S
    )
    return tickets


def _watch(
    running: Fleet, paced: Paced, redis: RedisServer, tickets: Sequence[Ticket], window_s: float
) -> dict[str, float]:
    """What happens in the window."""
    before = _sample(running, paced, redis, tickets)
    time.sleep(window_s)
    after = _sample(running, paced, redis, tickets)
    return _numbers(before, after) | {"server_late_ms": paced.standing().late_ms}


def _sample(running: Fleet, paced: Paced, redis: RedisServer, tickets: Sequence[Ticket]) -> Sample:
    return Sample(
        events=running.logs.written(tickets),
        at=time.monotonic(),
        worker_s=cpu_s(running.process.pid),
        redis_s=redis.cpu_s,
        server_s=cpu_s(paced.process.pid),
        sent=paced.standing().sent,
    )


def _numbers(before: Sample, after: Sample) -> dict[str, float]:
    seconds, chunks = after.at - before.at, max(1, after.events - before.events)
    worker_s, redis_s = after.worker_s - before.worker_s, after.redis_s - before.redis_s
    return {
        "chunks_per_s": chunks / seconds,
        "chunks_per_core_s": chunks / max(worker_s, 0.01),
        "worker_us_per_chunk": worker_s / chunks * 1e6,
        "redis_us_per_chunk": redis_s / chunks * 1e6,
        "worker_busy": worker_s / seconds,
        "redis_busy": redis_s / seconds,
        "server_busy": (after.server_s - before.server_s) / seconds,
        "sent_per_s": (after.sent - before.sent) / seconds,
        "behind": after.sent - after.events,
    }


def _look_live(logs: StreamLogs, tickets: Sequence[Ticket]) -> dict[str, float]:
    """What Redis holds at the end of the window, with all streams live."""
    memory, events = logs.memory_bytes(), logs.written(tickets)
    kept = logs.read(tickets)
    return {
        "events_per_job": events / len(tickets),
        "live_redis_bytes_per_event": memory / max(1, events),
        "live_redis_bytes_per_job": memory / len(tickets),
        "event_bytes": _event_bytes(kept),
        "torn": count_torn(tickets, _transcripts(tickets, kept)),
    }


def _look_back(logs: StreamLogs, tickets: Sequence[Ticket], said: Mapping[int, int]) -> dict[str, float]:
    """What Redis holds when all is over."""
    return {
        "ended_redis_bytes_per_event": logs.memory_bytes() / logs.written(tickets),
        "wrong": count_wrong(tickets, _transcripts(tickets, logs.read(tickets)), said),
    }


def _transcripts(tickets: Sequence[Ticket], kept: Sequence[Kept]) -> list[Transcript]:
    return [transcript(ticket.job, one) for ticket, one in zip(tickets, kept, strict=True)]


def _event_bytes(kept: Sequence[Kept]) -> float:
    """The mean length of the events that the logs have."""
    sizes = [len(event) for one in kept for event in one.events]
    return sum(sizes) / max(1, len(sizes))
