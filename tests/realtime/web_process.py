"""`python -m realtime`, as a process of its own."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from aiohttp import ClientSession

from shared_events.keys import Keys
from tests.redis_server import RedisServer
from tests.stack import CHECKOUT, free_port
from tests.waiting import eventually_awaited


class WebProcess(NamedTuple):
    process: asyncio.subprocess.Process
    url: str
    """Without a slash at the end."""

    async def get(self, path: str) -> tuple[int, str]:
        """Over a connection of its own."""
        async with ClientSession() as session, session.get(self.url + path) as response:
            return response.status, await response.text()

    async def is_ready(self) -> bool:
        try:
            return (await self.get("/readyz"))[0] == 200
        except OSError:
            return False


@asynccontextmanager
async def web_process(redis: RedisServer, keys: Keys, *, files: int = 1024) -> AsyncIterator[WebProcess]:
    """Ready; it may open so many `files` at a time. It is killed in the end, if it has not gone."""
    port = free_port()
    environment = {**os.environ, "REDIS_URL": redis.url, "KEY_PREFIX": keys.prefix, "PORT": str(port)}
    limited = ["sh", "-c", f'ulimit -n {files}; exec "$@"', "sh"]
    process = await asyncio.create_subprocess_exec(
        *limited, sys.executable, "-m", "realtime", cwd=CHECKOUT, env=environment
    )
    web = WebProcess(process, f"http://127.0.0.1:{port}")
    try:
        await eventually_awaited(web.is_ready)
        yield web
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
