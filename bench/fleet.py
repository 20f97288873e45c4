"""Who runs the streams: Jobcast's worker, stock RQ, or one asyncio process; each on its core."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol

import redis
from rq import Queue

from bench.orders import Ready, Runner, StockOrder
from bench.paced import Paced
from bench.process_tree import memory_bytes
from bench.processes import Process, Processes, python
from bench.redis_server import RedisServer
from bench.stock_pool import QUEUE
from bench.stock_stream import JOB
from bench.stream_logs import JobcastLogs, StockLogs, StreamLogs
from bench.transcript import Ticket
from realtime.agents import AgentDirectory
from realtime.jobs import Jobs
from realtime.requests import Submit
from shared_events.ids import new_job_id
from shared_events.keys import Keys
from shared_events.log import JobLog
from shared_events.queue import JobQueue
from shared_events.redis_client import connect

SETTLE_EVERY_S: Final = 0.3
SETTLED: Final = 0.01
SUBMITTED_AT_A_TIME: Final = 16


class Fleet(Protocol):
    """A runner that is up. `submit` asks for streams, by their numbers; the first time for one alone."""

    @property
    def process(self) -> Process: ...

    @property
    def logs(self) -> StreamLogs: ...

    def submit(self, numbers: range) -> list[Ticket]: ...


class JobcastFleet:
    """Jobs go the way that the web process sends them."""

    def __init__(self, process: Process, redis: RedisServer) -> None:
        self.process = process
        self.logs: StreamLogs = JobcastLogs(redis.client)
        self._redis = redis

    def submit(self, numbers: range) -> list[Ticket]:
        return asyncio.run(self._submit(numbers))

    async def _submit(self, numbers: range) -> list[Ticket]:
        events, keys = connect(self._redis.url), Keys()
        turnstile = asyncio.Semaphore(SUBMITTED_AT_A_TIME)
        queue = JobQueue(self._redis.client, keys)
        jobs = Jobs(JobLog(events, keys), events, queue, AgentDirectory(events, keys), keys)

        async def one(number: int) -> Ticket:
            async with turnstile:
                submitted_ms = _now_ms()
                request = Submit(agent="chat", input={"prompt": _prompt(number)}, backend="openai")
                accepted = await jobs.submit(request, owner="bench")
                return Ticket(accepted.job_id, number, submitted_ms)

        try:
            return await asyncio.gather(*map(one, numbers))
        finally:
            await events.aclose()


class RqFleet:
    """Stock RQ, with a plain function as its job."""

    def __init__(self, process: Process, redis: RedisServer, paced: Paced) -> None:
        self.process = process
        self.logs: StreamLogs = StockLogs(redis.client)
        self._redis = redis
        self._paced = paced

    def submit(self, numbers: range) -> list[Ticket]:
        queue = Queue(QUEUE, connection=self._redis.client)
        return [self._enqueue(queue, number) for number in numbers]

    def _enqueue(self, queue: Queue, number: int) -> Ticket:
        job, submitted_ms = new_job_id(), _now_ms()
        queue.enqueue(JOB, job, _prompt(number), self._paced.base_url, self._redis.url, job_timeout=600)
        return Ticket(job, number, submitted_ms)


class AsyncioFleet:
    """One process without a queue: it is told twice to go, for the first stream and for the others."""

    def __init__(self, process: Process, client: redis.Redis, jobs: tuple[str, ...]) -> None:
        self.process = process
        self.logs: StreamLogs = StockLogs(client)
        self._jobs = jobs

    def submit(self, numbers: range) -> list[Ticket]:
        submitted_ms = _now_ms()
        if numbers:
            self.process.go()
        return [Ticket(self._jobs[number], number, submitted_ms) for number in numbers]


@contextmanager
def fleet(
    runner: Runner, streams: int, *, processes: Processes, redis: RedisServer, paced: Paced
) -> Iterator[Fleet]:
    """A fleet of `runner` that can run so many streams at once, idle and settled."""
    match runner:
        case Runner.JOBCAST:
            running = _jobcast(streams, processes, redis, paced)
        case Runner.RQ:
            running = _rq(streams, processes, redis, paced)
        case Runner.ASYNCIO:
            running = _asyncio(streams, processes, redis, paced)
    with running as one:
        settle(one.process)
        yield one


def settle(process: Process) -> None:
    """Wait until the process and its children neither grow nor shrink."""
    last = [0]

    def settled() -> bool:
        time.sleep(SETTLE_EVERY_S)
        before, last[0] = last[0], memory_bytes(process.pid)
        return abs(last[0] - before) <= SETTLED * last[0]

    process.wait_until(settled)


@contextmanager
def _jobcast(streams: int, processes: Processes, redis: RedisServer, paced: Paced) -> Iterator[Fleet]:
    settings = {
        "REDIS_URL": redis.url,
        "DATA_DIR": str(processes.directory),
        "LOG_LEVEL": "warning",
        "OPENAI_BASE_URL": paced.base_url,
        "OLLAMA_HOST": "off",
        "WORKER_CONCURRENCY": str(streams),
    }
    with processes.server("worker", python("workers"), measured=True, settings=settings) as process:
        process.wait_until(lambda: bool(redis.client.exists(Keys().catalogue())))
        yield JobcastFleet(process, redis)


@contextmanager
def _rq(streams: int, processes: Processes, redis: RedisServer, paced: Paced) -> Iterator[Fleet]:
    command = python("bench.stock_pool", redis.url, str(streams))
    with processes.server("rq", command, measured=True) as process:
        process.wait_until(lambda: redis.client.scard("rq:workers") == streams)
        yield RqFleet(process, redis, paced)


@contextmanager
def _asyncio(streams: int, processes: Processes, redis: RedisServer, paced: Paced) -> Iterator[Fleet]:
    jobs = tuple(new_job_id() for _ in range(streams))
    order = StockOrder(redis.url, paced.base_url, jobs)
    with processes.ordered("bench.stock_streams", order, measured=True) as process:
        process.read(Ready)
        yield AsyncioFleet(process, redis.client, jobs)


def _prompt(number: int) -> str:
    return f"stream {number}"


def _now_ms() -> float:
    return time.time_ns() / 1e6
