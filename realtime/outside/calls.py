"""What users ask of jobs that are published through this node: heard over the bus, said, and pushed on.

One that is missed is told with the answer to the publisher's next batch.
"""

import asyncio
from typing import Any, Final

import structlog
from redis.exceptions import RedisError

from realtime.engine.socket_io import event_packet
from realtime.outside.answers import standing
from realtime.outside.ledger import Held
from realtime.outside.publishing import Publishing
from realtime.outside.socket_api import NAMESPACE
from shared_events.bus import Bus
from shared_events.errors import JobcastError
from shared_events.ids import JobId, is_job_id

MOST_WAITING: Final = 1000
_FOLLOW_AGAIN_S: Final = 1.0

_log = structlog.get_logger("outside")


class Calls:
    """`run` must be a task of the owner; `hear` gets what arrives on the node's channel."""

    def __init__(self, publishing: Publishing, bus: Bus, channel: str) -> None:
        self._publishing = publishing
        self._bus = bus
        self._channel = channel
        self._waiting: dict[JobId, None] = {}
        self._news = asyncio.Event()

    def hear(self, channel: bytes, data: bytes) -> None:
        job_id = data.decode(errors="replace")
        if channel == self._channel.encode() and is_job_id(job_id) and len(self._waiting) < MOST_WAITING:
            self._waiting[JobId(job_id)] = None
            self._news.set()

    async def run(self) -> None:
        await self._follow()
        while True:
            await self._news.wait()
            self._news.clear()
            while self._waiting:
                job_id = next(iter(self._waiting))
                del self._waiting[job_id]
                await self._heed(job_id)

    async def _follow(self) -> None:
        while True:
            try:
                return await self._bus.follow(self._channel)
            except (JobcastError, RedisError, OSError) as error:
                _log.warning("calls_not_heard", error=str(error))
                await asyncio.sleep(_FOLLOW_AGAIN_S)

    async def _heed(self, job_id: JobId) -> None:
        try:
            held = await self._publishing.heed(job_id)
        except (JobcastError, RedisError, OSError, TimeoutError) as error:
            _log.warning("call_not_heeded", job=job_id, error=str(error))
            return
        if held is not None:
            _push(held)


def _push(held: Held) -> None:
    outlet = held.outlet
    if outlet is None or outlet.congested:
        return
    now = standing(held)
    payload: dict[str, Any] = {"jobId": now.job_id, "head": now.head, "status": now.status}
    outlet.send(event_packet("agent:control", payload | {"control": now.control}, NAMESPACE))
