"""A process of many followers: `python -m bench.load_client ORDER`. It must never be the bottleneck."""

import asyncio
import time
from typing import Final

from bench.follower import Follower
from bench.orders import ClientOrder, Ready, Received, answer, read_order, wait_for_go
from bench.payload import clock_us
from bench.quantile import quantile

CONNECTING_AT_A_TIME: Final = 32
CONNECT_WITHIN_S: Final = 20.0
LINGER_S: Final = 0.2
"""After the last event: so long a surplus one may still come, and is found."""


class Crowd:
    """All followers of one load."""

    def __init__(self, order: ClientOrder) -> None:
        self._order = order
        self._waiting = order.followers
        self._finished = asyncio.Event()
        self._finished_us = 0
        load = order.load
        chunks = range(order.first_sequence, order.first_sequence + load.events_per_job)
        self._followers = [
            Follower(
                load.jobs[index % len(load.jobs)],
                chunks,
                # One follower of each job tells how long its events took.
                timed=load.rate is not None and index < len(load.jobs),
                on_complete=self._one_is_complete,
            )
            for index in range(order.followers)
        ]

    async def subscribe(self) -> None:
        """Raises `OSError` when one of them cannot."""
        turnstile = asyncio.Semaphore(CONNECTING_AT_A_TIME)
        async with asyncio.timeout(CONNECT_WITHIN_S), asyncio.TaskGroup() as tasks:
            for follower in self._followers:
                tasks.create_task(self._subscribe(follower, turnstile))

    async def follow(self) -> Received:
        """Until every follower has everything, or time is up."""
        cpu_s = time.process_time()
        try:
            async with asyncio.timeout(self._order.timeout_s):
                await self._finished.wait()
            cpu_s = time.process_time() - cpu_s
            await asyncio.sleep(LINGER_S)
        except TimeoutError:
            self._finished_us = clock_us()
            cpu_s = time.process_time() - cpu_s
        return self._tally(cpu_s)

    async def _subscribe(self, follower: Follower, turnstile: asyncio.Semaphore) -> None:
        async with turnstile:
            loop = asyncio.get_running_loop()
            await loop.create_connection(lambda: follower, "127.0.0.1", self._order.port)
            await follower.subscribed

    def _one_is_complete(self) -> None:
        self._waiting -= 1
        if self._waiting == 0:
            self._finished_us = clock_us()
            self._finished.set()

    def _tally(self, cpu_s: float) -> Received:
        latencies = sorted(us for follower in self._followers for us in follower.latencies_us)
        return Received(
            delivered=sum(follower.delivered for follower in self._followers),
            frames=sum(follower.frames for follower in self._followers),
            skipped=sum(follower.skipped for follower in self._followers),
            disordered=sum(follower.disordered for follower in self._followers),
            lost=sum(follower.lost for follower in self._followers),
            finished_us=self._finished_us,
            cpu_s=cpu_s,
            p50_ms=_quantile_ms(latencies, 0.5),
            p99_ms=_quantile_ms(latencies, 0.99),
        )


def _quantile_ms(ordered_us: list[int], share: float) -> float | None:
    return quantile(ordered_us, share) / 1000 if ordered_us else None


async def run(order: ClientOrder) -> None:
    crowd = Crowd(order)
    await crowd.subscribe()
    answer(Ready())
    answer(await crowd.follow())
    # The connections stay until the bench has read how much CPU the server took.
    await asyncio.to_thread(wait_for_go)


if __name__ == "__main__":
    asyncio.run(run(read_order(ClientOrder)))
