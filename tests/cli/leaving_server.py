"""A real Socket.IO server with one job: it goes when told, and sends a follower what it is missing."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec
import socketio
from aiohttp import web

from shared_events.events import Event, JobCompleted, JobStatus, JobStatusChanged, ModelChunk

JOB, EPOCH = "0123456789abcdefghij", "0123456789ab"
LOG: Final[list[Event]] = [
    JobStatusChanged(job_id=JOB, sequence=1, timestamp=1, status=JobStatus.RUNNING, attempt=1, epoch=EPOCH),
    ModelChunk(job_id=JOB, sequence=2, timestamp=1, chunk="one "),
    ModelChunk(job_id=JOB, sequence=3, timestamp=1, chunk="two "),
    JobCompleted(job_id=JOB, sequence=4, timestamp=1),
]


class LeavingServer:
    """Sends the first half of the log to the first connection, and the rest to those after it."""

    def __init__(self) -> None:
        self._server = socketio.AsyncServer(async_mode="aiohttp")
        self._sid = ""
        self.url = ""
        self.connected_at: list[float] = []
        self.left_at = 0.0
        self.checkpoints: list[int] = []
        self._server.on("connect", self._connects)
        self._server.on("job:subscribe", self._subscribes)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["LeavingServer"]:
        app = web.Application()
        self._server.attach(app)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await self._server.shutdown()
            await runner.cleanup()

    async def leave(self, *, notice: Any = None, in_good_order: bool) -> None:
        """Ends the connection; before that it sends `notice`, if there is one."""
        if notice is not None:
            await self._server.emit("server:draining", notice, to=self._sid)
        self.left_at = time.monotonic()
        if in_good_order:
            await self._server.disconnect(self._sid)
        else:
            await self._server.eio.disconnect(self._server.manager.eio_sid_from_sid(self._sid, "/"))

    def _connects(self, sid: str, _environ: Any) -> None:
        self._sid = sid
        self.connected_at.append(time.monotonic())

    async def _subscribes(self, sid: str, request: dict[str, Any]) -> dict[str, Any]:
        last = request.get("lastSequence", 0)
        self.checkpoints.append(last)
        self._server.start_background_task(self._send, sid, LOG[last : 2 if last == 0 else None])
        return {"ok": True, "jobId": JOB, "status": "running", "epoch": EPOCH, "sequence": 4, "mode": "delta"}

    async def _send(self, sid: str, events: list[Event]) -> None:
        for event in events:
            await self._server.emit(event.NAME, msgspec.to_builtins(event), to=sid)
