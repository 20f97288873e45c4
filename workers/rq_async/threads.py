"""Code that may block: in a thread of its own, or in the few that talk to Redis."""

import asyncio
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from threading import Thread
from typing import Final, NoReturn, TypeVar

import structlog
from redis.exceptions import RedisError
from rq.timeouts import JobTimeoutException

T = TypeVar("T")

SETTLE_S: Final = 30.0
"""So long is tried again what Redis did not answer."""
FIRST_DELAY_S: Final = 0.05
LONGEST_DELAY_S: Final = 2.0

_log = structlog.get_logger("worker")


class Threads:
    """A few threads for synchronous calls to Redis: none is made on the event loop."""

    def __init__(self, count: int, name: str) -> None:
        self._executor = ThreadPoolExecutor(count, name)

    async def call(self, work: Callable[[], T]) -> T:
        """What `work()` returns or raises."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    async def retried(self, work: Callable[[], T], *, within_s: float = SETTLE_S) -> T:
        """As `call`, again after each `RedisError`; the last of them is raised after `within_s`."""
        give_up = time.monotonic() + within_s
        for delay_s in delays_s():
            try:
                return await self.call(work)
            except RedisError as error:
                if time.monotonic() > give_up:
                    raise
                _log.debug("redis_retried", error=str(error))
            await asyncio.sleep(delay_s)
        raise AssertionError("the delays never end")

    def close(self) -> None:
        """Ends the threads; call it when nothing is being done in them."""
        self._executor.shutdown()


def delays_s() -> Iterator[float]:
    """How long to wait before each next try: doubling up to a bound, with jitter, without end."""
    delay_s = FIRST_DELAY_S
    while True:
        yield delay_s * random.uniform(0.5, 1.0)  # noqa: S311  not a secret
        delay_s = min(delay_s * 2, LONGEST_DELAY_S)


async def in_thread(work: Callable[[], T], name: str) -> T:
    """What `work()` returns or raises, from a daemon thread of its own.

    One that hangs holds up neither others nor the exit. If the caller is cancelled, it goes on unobserved.
    """
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[Callable[[], T]] = loop.create_future()

    def deliver(answer: Callable[[], T]) -> None:
        if not ended.done():
            ended.set_result(answer)

    def tell(answer: Callable[[], T]) -> None:
        with suppress(RuntimeError):  # the loop may be closed by now
            loop.call_soon_threadsafe(deliver, answer)

    _start(work, tell, name)
    return (await ended)()


def within(work: Callable[[], T], timeout_s: float, name: str) -> T:
    """As `in_thread`, for a thread that waits. Raises `JobTimeoutException` after `timeout_s`."""
    answers: list[Callable[[], T]] = []
    _start(work, answers.append, name).join(timeout_s)
    if not answers:
        raise JobTimeoutException(f"Callback exceeded maximum timeout value ({timeout_s} seconds)")
    return answers[0]()


def _start(work: Callable[[], T], tell: Callable[[Callable[[], T]], None], name: str) -> Thread:
    context = copy_context()
    thread = Thread(target=lambda: tell(_answer(partial(context.run, work))), name=name, daemon=True)
    thread.start()
    return thread


def _answer(work: Callable[[], T]) -> Callable[[], T]:
    """`work`'s end, to be had again by calling it in another thread."""
    try:
        result = work()
    except BaseException as error:  # noqa: BLE001  also `sys.exit()`: whoever waits learns of it
        return partial(_raise, error)
    return lambda: result


def _raise(error: BaseException) -> NoReturn:
    raise error
