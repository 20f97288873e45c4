"""A server that gives one reply after the other, however bad: what a backend survives can be asked next.

async with replying(Reply(500), Reply(chunks=[b"data: [DONE]\\n\\n"])) as base_url: ...
"""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiohttp import web

from tests.agents.backends.llm_server import EVENT_STREAM, Received, serving

Chunks = Iterable[bytes] | Callable[[], AsyncIterator[bytes]]


class Reply(msgspec.Struct, frozen=True):
    """What a request gets. `cut_off` ends it by closing the connection."""

    status: int = 200
    headers: Mapping[str, str] = msgspec.field(default_factory=lambda: EVENT_STREAM)
    chunks: Chunks = ()
    cut_off: bool = False


@asynccontextmanager
async def replying(*replies: Reply, received: list[Received] | None = None) -> AsyncIterator[str]:
    """Its base URL. The last of the replies is given again and again; requests are noted in `received`."""
    left = list(replies)

    async def answer(request: web.Request) -> web.StreamResponse:
        body: Any = msgspec.json.decode(await request.read())
        if received is not None:
            received.append(Received(dict(request.headers), body))
        return await _sent(request, left.pop(0) if len(left) > 1 else left[0])

    async with serving(answer) as base_url:
        yield base_url


async def _sent(request: web.Request, reply: Reply) -> web.StreamResponse:
    response = web.StreamResponse(status=reply.status, headers=reply.headers)
    await response.prepare(request)
    if callable(reply.chunks):
        async for chunk in reply.chunks():
            await response.write(chunk)
    else:
        for chunk in reply.chunks:
            await response.write(chunk)
    if reply.cut_off and request.transport is not None:
        # What was written is still sent; an abort could take some of it along.
        request.transport.close()
    return response
