"""An event loop in a thread of its own: for servers that a test's loop must neither disturb nor hold up."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Final, TypeVar

T = TypeVar("T")
ANSWER_WITHIN_S: Final = 30.0


class LoopThread:
    """Entered, it runs. At the end what still runs on it is cancelled and awaited."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)

    def __enter__(self) -> "LoopThread":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.run(_cancel_others)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(ANSWER_WITHIN_S)
        self._loop.close()

    def run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What `work` comes to on the loop. Raises `TimeoutError`."""
        return asyncio.run_coroutine_threadsafe(work(), self._loop).result(ANSWER_WITHIN_S)

    def call(self, function: Callable[[], T]) -> T:
        """As `run`, for a plain function."""

        async def work() -> T:
            return function()

        return self.run(work)


async def _cancel_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
