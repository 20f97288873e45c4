"""A server that speaks as OpenAI's and does what the prompt says, and counts who asks it.

`count-N@R`  the numbers 1 to N, R a second        `stall-K`   K numbers, then nothing, for ever
`drip-N`     N numbers, byte by byte               `cut-K`     K numbers, then half of one, then a reset
`busy-S-K`   429 with `Retry-After: S`, K times;    `flood-N`   N kilobytes a second, for ever
             then the numbers 1 to 5
`hang-K-N@R` as `stall-K` the first time, then as `count-N@R`

Whatever follows a blank in the prompt only tells jobs apart.
"""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import msgspec
from aiohttp import web

from tests.loop_thread import LoopThread

KILOBYTE: Final = "0123456789abcde " * 64
SEND_BUFFER_BYTES: Final = 32 * 1024


class ScriptedLLM:
    """By prompt: how many requests came (`asked`), how many are open, what was sent."""

    def __init__(self) -> None:
        self.base_url = ""
        self.asked: Counter[str] = Counter()
        self.open: Counter[str] = Counter()
        self.sent: Counter[str] = Counter()
        self._sent_at: dict[str, float] = defaultdict(time.monotonic)
        self._scripts: dict[str, Callable[..., Awaitable[None]]] = {
            "stall": self._stall,
            "drip": self._drip,
            "cut": self._cut,
            "flood": self._flood,
        }

    def idle_s(self, prompt: str) -> float:
        """How long ago the last piece could be sent."""
        return time.monotonic() - self._sent_at[prompt]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        prompt = msgspec.json.decode(await request.read())["messages"][-1]["content"]
        self.asked[prompt] += 1
        word, _, given = prompt.split()[0].partition("-")
        if word == "busy":
            seconds, times = given.split("-")
            if self.asked[prompt] <= int(times):
                return web.Response(status=429, headers={"Retry-After": seconds})
            word, given = "count", "5@100"
        if word == "hang":
            first, then = given.split("-")
            word, given = ("stall", first) if self.asked[prompt] == 1 else ("count", then)
        return await self._stream(request, prompt, word, given)

    async def _stream(self, request: web.Request, prompt: str, word: str, given: str) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        self.open[prompt] += 1
        try:
            await self._scripts.get(word, self._count)(request, response, prompt, given)
        finally:
            self.open[prompt] -= 1
        return response

    async def _count(self, _: web.Request, response: web.StreamResponse, prompt: str, given: str) -> None:
        last, per_s = given.split("@")
        async for piece in _numbers(int(last), 1 / int(per_s)):
            await self._write(response, prompt, _event(piece))
        await response.write(_event("", finish_reason="stop") + b"data: [DONE]\n\n")

    async def _stall(self, _: web.Request, response: web.StreamResponse, prompt: str, given: str) -> None:
        async for piece in _numbers(int(given), 0):
            await self._write(response, prompt, _event(piece))
        await asyncio.Event().wait()

    async def _drip(self, _: web.Request, response: web.StreamResponse, prompt: str, given: str) -> None:
        async for piece in _numbers(int(given), 0):
            for byte in _event(piece):
                await self._write(response, prompt, bytes([byte]))
                await asyncio.sleep(0.001)
        await response.write(_event("", finish_reason="stop") + b"data: [DONE]\n\n")

    async def _cut(self, request: web.Request, response: web.StreamResponse, prompt: str, given: str) -> None:
        async for piece in _numbers(int(given), 0):
            await self._write(response, prompt, _event(piece))
        await self._write(response, prompt, _event("never whole")[:20])
        assert request.transport is not None
        request.transport.abort()

    async def _flood(
        self, request: web.Request, response: web.StreamResponse, prompt: str, given: str
    ) -> None:
        assert request.transport is not None
        request.transport.set_write_buffer_limits(high=SEND_BUFFER_BYTES)
        while True:
            await self._write(response, prompt, _event(KILOBYTE))
            await asyncio.sleep(1 / int(given))

    async def _write(self, response: web.StreamResponse, prompt: str, data: bytes) -> None:
        await response.write(data)
        self.sent[prompt] += 1
        self._sent_at[prompt] = time.monotonic()


def _event(text: str, **fields: Any) -> bytes:
    choice = {"index": 0, "delta": {"content": text}, **fields}
    return b"data: " + msgspec.json.encode({"choices": [choice]}) + b"\n\n"


async def _numbers(last: int, pause_s: float) -> AsyncIterator[str]:
    due = time.monotonic()
    for number in range(1, last + 1):
        yield str(number) if number == 1 else f" {number}"
        due += pause_s
        await asyncio.sleep(max(0.0, due - time.monotonic()))


@contextmanager
def scripted_llm() -> Iterator[ScriptedLLM]:
    """The server, in a thread of its own."""
    llm = ScriptedLLM()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", llm.answer)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)

    async def serve() -> None:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        llm.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"

    with LoopThread("scripted llm") as thread:
        thread.run(serve)
        try:
            yield llm
        finally:
            thread.run(runner.cleanup)
