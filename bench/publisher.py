"""A process that publishes a load once it is told to go: `python -m bench.publisher ORDER`."""

import asyncio
import random
import time

from bench.orders import Load, Published, PublisherOrder, Ready, System, answer, read_order, wait_for_go
from bench.payload import clock_us
from bench.publishing import JobcastPublisher, Publisher, StockPublisher


async def run(order: PublisherOrder) -> None:
    publisher = _publisher(order)
    try:
        await publisher.prepare(order.load)
        answer(Ready())
        await asyncio.to_thread(wait_for_go)
        answer(await _publish(publisher, order.load))
    finally:
        await publisher.aclose()


async def _publish(publisher: Publisher, load: Load) -> Published:
    started_us, cpu_s = clock_us(), time.process_time()
    async with asyncio.TaskGroup() as jobs:
        for job in load.jobs:
            jobs.create_task(_in_its_time(publisher, job, load), name=f"publish {job}")
    return Published(
        started_us=started_us, seconds=(clock_us() - started_us) / 1e6, cpu_s=time.process_time() - cpu_s
    )


async def _in_its_time(publisher: Publisher, job: str, load: Load) -> None:
    """Paced jobs do not all publish at the same moment."""
    if load.rate is not None:
        await asyncio.sleep(random.uniform(0, 1 / load.rate))
    await publisher.publish(job, load)


def _publisher(order: PublisherOrder) -> Publisher:
    match order.system:
        case System.JOBCAST:
            return JobcastPublisher(order.redis_url)
        case System.STOCK:
            return StockPublisher(order.redis_url)


if __name__ == "__main__":
    asyncio.run(run(read_order(PublisherOrder)))
