"""The real server behind the same port: the real scripts, and DUMP and RESTORE for the replica."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final, TypeVar

from redis.asyncio import Redis

import shared_events.log
from shared_events.answers import Appended
from shared_events.ids import JobId
from shared_events.redis_client import connect
from tests.model.renewable_log import RenewableLog
from tests.model.server import KEYS
from tests.model.stored import RUN_OUT

T = TypeVar("T")

LUA: Final = Path(shared_events.log.__file__).parent / "lua"
_MESSAGE_WITHIN_S: Final = 30.0


class RealServer:
    """Implements `server.Server` over a connection to `url`. Close it."""

    def __init__(self, url: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._redis: Redis = connect(url)
        self.log = RenewableLog(self._redis, KEYS)
        self._pubsub = self._redis.pubsub(ignore_subscribe_messages=True)
        self._bus: list[bytes] = []
        self._replica: dict[str, bytes] = {}
        self._loop.run_until_complete(self._listen())

    def mutate(self, script: str, change: Callable[[str], str]) -> None:
        """Let the log use a changed text of `script`."""
        text = change((LUA / f"{script}.lua").read_text())
        setattr(self.log, f"_{script}", self._redis.register_script(text))

    def run(self, command: Coroutine[Any, Any, T]) -> T:
        answer = self._loop.run_until_complete(command)
        if isinstance(answer, Appended) and answer.listeners > 0:
            self._bus.append(self._loop.run_until_complete(self._message()))
        return answer

    def published(self) -> list[bytes]:
        messages, self._bus = self._bus, []
        return messages

    def replicate(self, job_id: JobId) -> None:
        self._replica = self._loop.run_until_complete(self._dump(_names(job_id)))

    def fail_over(self, job_id: JobId) -> None:
        self.lose(job_id)
        self._loop.run_until_complete(self._restore())

    def run_out(self, job_id: JobId) -> None:
        self._loop.run_until_complete(self._run_out(KEYS.meta(job_id)))

    def lose(self, job_id: JobId) -> None:
        self._loop.run_until_complete(self._redis.delete(*_names(job_id)))

    def close(self) -> None:
        self._loop.run_until_complete(self._pubsub.aclose())  # type: ignore[no-untyped-call]
        self._loop.run_until_complete(self._redis.aclose())
        self._loop.close()

    async def _listen(self) -> None:
        await self._pubsub.psubscribe(f"{KEYS.prefix}:*:events")
        await self._pubsub.get_message(timeout=_MESSAGE_WITHIN_S)

    async def _run_out(self, meta: str) -> None:
        if await self._redis.exists(meta):
            await self._redis.hset(meta, "lease", str(RUN_OUT))

    async def _message(self) -> bytes:
        message = await self._pubsub.get_message(timeout=_MESSAGE_WITHIN_S)
        assert message is not None, "what the script published did not arrive"
        data: bytes = message["data"]
        return data

    async def _dump(self, names: list[str]) -> dict[str, bytes]:
        async with self._redis.pipeline(transaction=True) as pipe:
            for name in names:
                pipe.dump(name)
            values = await pipe.execute()
        return {name: value for name, value in zip(names, values, strict=True) if value is not None}

    async def _restore(self) -> None:
        async with self._redis.pipeline(transaction=True) as pipe:
            for name, value in self._replica.items():
                pipe.restore(name, 0, value)
            await pipe.execute()


def _names(job_id: JobId) -> list[str]:
    return [KEYS.meta(job_id), KEYS.log(job_id), KEYS.base(job_id), KEYS.request(job_id)]
