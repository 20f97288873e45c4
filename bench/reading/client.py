"""One process that reads many streams: `python -m bench.reading.client ORDER`."""

import asyncio
import os
import time
from contextlib import AbstractAsyncContextManager
from typing import Final

from bench.orders import Provider, Reader, ReaderOrder, Ready, WasRead, answer, read_order, wait_for_go
from bench.process_tree import forget_peak, peak_bytes, rss_bytes
from bench.reading.jobcast import by_backend, by_context
from bench.reading.plain import by_httpx
from bench.reading.reading import Ask, expected, prompt_for
from bench.reading.sdks import by_sdk
from launch.read_buffers import keep_read_buffers

WARM_UP_TOKENS: Final = 3


def reading(reader: Reader, provider: Provider, origin: str) -> AbstractAsyncContextManager[Ask]:
    """How `reader` asks the server at `origin`; its connections close behind it."""
    match reader:
        case Reader.JOBCAST:
            return by_backend(provider, origin)
        case Reader.CONTEXT:
            return by_context(provider, origin)
        case Reader.HTTPX:
            return by_httpx(provider, origin)
        case Reader.SDK:
            return by_sdk(provider, origin)


async def run(order: ReaderOrder) -> None:
    keep_read_buffers()  # for everybody, though only Jobcast's workers do it
    async with reading(order.reader, order.provider, f"http://127.0.0.1:{order.port}") as ask:
        await ask(prompt_for(0, WARM_UP_TOKENS))
        answer(Ready())
        await asyncio.to_thread(wait_for_go)
        answer(await read_all(order, ask))


async def read_all(order: ReaderOrder, ask: Ask) -> WasRead:
    forget_peak(os.getpid())
    before, started, cpu_s = rss_bytes(os.getpid()), time.perf_counter(), time.process_time()
    prompts = [prompt_for(stream, order.tokens) for stream in range(order.streams)]
    answers = await asyncio.gather(*map(ask, prompts))
    seconds, used_s = time.perf_counter() - started, time.process_time() - cpu_s
    return WasRead(
        seconds=seconds,
        cpu_s=used_s,
        grown_bytes=max(0, peak_bytes(os.getpid()) - before),
        wrong=sum(one != expected(stream, order.tokens) for stream, one in enumerate(answers)),
    )


if __name__ == "__main__":
    asyncio.run(run(read_order(ReaderOrder)))
