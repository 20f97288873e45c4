"""Fan-out: the same followers and the same events through each system's server, on a core of its own.

*burst*: one job, as fast as it can be published. *paced*: many jobs, each at the pace of a language model.
"""

from typing import Final

import msgspec

from bench.measurement import Measurement
from bench.options import PACED_RATE, Options
from bench.orders import ClientOrder, Load, Published, PublisherOrder, Ready, Received, System
from bench.processes import Processes
from bench.redis_server import RedisServer
from bench.servers import Server
from shared_events.ids import new_job_id

SLACK_S: Final = 60.0
SLOWEST_PER_S: Final = 2000.0
"""A server that delivers less is given up."""
_FIRST_CHUNK: Final = {System.JOBCAST: 2, System.STOCK: 1}
"""Jobcast's first event of a job is its status."""


class FanOut(msgspec.Struct, frozen=True):
    """A load and who follows it; each job has the same number of followers."""

    program: str
    jobs: int
    events_per_job: int
    followers: int
    rate: float | None = None

    def load(self) -> Load:
        """With jobs of its own."""
        jobs = tuple(new_job_id() for _ in range(self.jobs))
        return Load(jobs=jobs, events_per_job=self.events_per_job, rate=self.rate)

    @property
    def deliveries(self) -> int:
        return self.followers * self.events_per_job

    @property
    def timeout_s(self) -> float:
        return SLACK_S + self.deliveries / SLOWEST_PER_S


class Spent(msgspec.Struct, frozen=True):
    """CPU seconds."""

    server_s: float
    redis_s: float

    def since(self, earlier: "Spent") -> "Spent":
        return Spent(self.server_s - earlier.server_s, self.redis_s - earlier.redis_s)


def burst(options: Options) -> FanOut:
    return FanOut("burst", jobs=1, events_per_job=options.events, followers=options.followers)


def paced(options: Options) -> FanOut:
    jobs = options.paced_jobs
    followers = options.followers // jobs * jobs
    return FanOut("paced", jobs, options.paced_events, followers, PACED_RATE)


def measure_fan_out(
    fan_out: FanOut, processes: Processes, redis: RedisServer, server: Server, *, number: int
) -> Measurement:
    load = fan_out.load()
    publish = PublisherOrder(system=server.system, redis_url=redis.url, load=load)
    follow = ClientOrder(server.port, fan_out.followers, load, _FIRST_CHUNK[server.system], fan_out.timeout_s)
    with processes.ordered("bench.publisher", publish) as publisher:
        publisher.read(Ready)
        with processes.ordered("bench.load_client", follow) as client:
            client.read(Ready)
            before = _spent(server, redis)
            publisher.go()
            published = publisher.read(Published, fan_out.timeout_s)
            received = client.read(Received, fan_out.timeout_s + SLACK_S)
            spent = _spent(server, redis).since(before)
    complete = (
        received.delivered + received.skipped == fan_out.deliveries
        and received.disordered == 0
        and received.lost == 0
    )
    numbers = _numbers(load, published, received, spent)
    return Measurement(fan_out.program, server.system, number, complete, numbers)


def _spent(server: Server, redis: RedisServer) -> Spent:
    return Spent(server.process.cpu_s, redis.cpu_s)


def _numbers(load: Load, published: Published, received: Received, spent: Spent) -> dict[str, float]:
    seconds = (received.finished_us - published.started_us) / 1e6
    deliveries = max(1, received.delivered)
    numbers = {
        "deliveries": received.delivered,
        "frames": received.frames,
        "skipped": received.skipped,
        "disordered": received.disordered,
        "lost": received.lost,
        "deliveries_per_s": received.delivered / seconds,
        "server_us_per_delivery": spent.server_s / deliveries * 1e6,
        "worker_us_per_event": published.cpu_s / load.events * 1e6,
        "redis_us_per_event": spent.redis_s / load.events * 1e6,
        "client_us_per_delivery": received.cpu_s / deliveries * 1e6,
        "server_busy": spent.server_s / seconds,
        "redis_busy": spent.redis_s / seconds,
        "client_busy": received.cpu_s / seconds,
        "publisher_busy": published.cpu_s / seconds,
    }
    if received.p50_ms is not None and received.p99_ms is not None:
        numbers |= {"p50_ms": received.p50_ms, "p99_ms": received.p99_ms}
    return numbers
