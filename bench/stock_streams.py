"""Many stock streams in one asyncio process: `python -m bench.stock_streams ORDER`."""

import asyncio
from collections.abc import Iterable

import httpx
from redis.asyncio import Redis

from bench.orders import Ready, StockOrder, answer, read_order, wait_for_go
from bench.stock_stream import TIMEOUT_S, stream_async


async def run(order: StockOrder) -> None:
    unbounded = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with (
        Redis.from_url(order.redis_url, protocol=2, max_connections=len(order.jobs)) as redis,
        httpx.AsyncClient(timeout=TIMEOUT_S, limits=unbounded, trust_env=False) as client,
        asyncio.TaskGroup() as streams,
    ):

        def start(jobs: Iterable[tuple[int, str]]) -> None:
            for number, job in jobs:
                streams.create_task(
                    stream_async(job, f"stream {number}", order.base_url, redis=redis, client=client)
                )

        answer(Ready())
        first, *others = enumerate(order.jobs)
        await asyncio.to_thread(wait_for_go)
        start([first])
        if others:
            await asyncio.to_thread(wait_for_go)
            start(others)
    await asyncio.to_thread(wait_for_go)  # its CPU time is still to be read; the bench ends it


if __name__ == "__main__":
    asyncio.run(run(read_order(StockOrder)))
