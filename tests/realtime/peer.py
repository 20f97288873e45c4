"""A client of a node for tests, on python-socketio's own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import socketio

from shared_events.events import EVENTS
from shared_events.ids import JobId


class Peer:
    """A connected client that keeps every event of jobs."""

    def __init__(self, socket: socketio.AsyncClient) -> None:
        self._socket = socket
        self.events: list[tuple[str, dict[str, Any]]] = []
        for name in (*EVENTS, "job:snapshot"):
            socket.on(name, lambda payload, name=name: self.events.append((name, payload)))

    async def ask(self, name: str, payload: Any) -> dict[str, Any]:
        return dict(await self._socket.call(name, payload, timeout=10))

    async def subscribe(self, job_id: JobId, **checkpoint: Any) -> dict[str, Any]:
        self.events.clear()
        return await self.ask("job:subscribe", {"jobId": job_id, **checkpoint})

    @property
    def sequences(self) -> list[int]:
        """Of the events that came; a merged chunk stands for all of its own."""
        return [
            sequence
            for _, payload in self.events
            for sequence in range(payload.get("fromSequence", payload["sequence"]), payload["sequence"] + 1)
        ]


@asynccontextmanager
async def connected(url: str, transport: str = "websocket") -> AsyncIterator[Peer]:
    socket = socketio.AsyncClient(reconnection=False)
    peer = Peer(socket)
    await socket.connect(url, transports=[transport])
    try:
        yield peer
    finally:
        await socket.eio.disconnect(abort=True)  # a polite farewell waits for the poll to end
