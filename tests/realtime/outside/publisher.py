"""A publisher for tests, over Socket.IO or over HTTP, with the same words."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Protocol

import socketio

from tests.realtime.conftest import Node

Answer = dict[str, Any]


class Publisher(Protocol):
    async def begin(self, job_id: str, token: str) -> Answer: ...
    async def publish(self, job_id: str, token: str, **batch: Any) -> Answer: ...


class OverHttp:
    """Answers look as over Socket.IO: with `ok`, and errors under `error`."""

    def __init__(self, node: Node) -> None:
        self._node = node

    async def begin(self, job_id: str, token: str) -> Answer:
        return await self._post(f"/v1/jobs/{job_id}/begin", token, {})

    async def publish(self, job_id: str, token: str, **batch: Any) -> Answer:
        return await self._post(f"/v1/jobs/{job_id}/events", token, batch)

    async def _post(self, path: str, token: str, body: Any) -> Answer:
        headers = {"Authorization": f"Bearer {token}"}
        status, answer = await self._node.post(path, json=body, headers=headers)
        assert isinstance(answer, dict)
        if status == 200:
            return {"ok": True, **answer}
        error = {"code": answer["code"], "message": answer["detail"], "retryable": answer["retryable"]}
        return {"ok": False, "error": error}


class OverSocket:
    def __init__(self, socket: socketio.AsyncClient) -> None:
        self._socket = socket
        self.controls: list[Answer] = []
        socket.on("agent:control", self.controls.append, namespace="/agents")

    async def begin(self, job_id: str, token: str) -> Answer:
        return await self.ask("agent:begin", {"jobId": job_id, "token": token})

    async def publish(self, job_id: str, token: str, **batch: Any) -> Answer:
        return await self.ask("agent:publish", {"jobId": job_id, "token": token, **batch})

    async def ask(self, name: str, payload: Any) -> Answer:
        return dict(await self._socket.call(name, payload, namespace="/agents", timeout=30))


@asynccontextmanager
async def over_socket(url: str, transport: str = "websocket") -> AsyncIterator[OverSocket]:
    socket = socketio.AsyncClient(reconnection=False)
    publisher = OverSocket(socket)
    await socket.connect(url, transports=[transport], namespaces=["/agents"])
    try:
        yield publisher
    finally:
        await socket.eio.disconnect(abort=True)


class Published:
    """A job that a test publishes, batch after batch."""

    def __init__(self, publisher: Publisher, job_id: str, token: str) -> None:
        self.publisher = publisher
        self.job_id = job_id
        self.token = token
        self.epoch = ""
        self.head = 0

    async def begin(self) -> Answer:
        answer = await self.publisher.begin(self.job_id, self.token)
        if answer["ok"]:
            self.epoch, self.head = answer["epoch"], answer["head"]
        return answer

    async def say(self, *events: Answer, previous: int | None = None) -> Answer:
        before = self.head if previous is None else previous
        answer = await self.publisher.publish(
            self.job_id, self.token, epoch=self.epoch, previous=before, events=list(events)
        )
        if answer["ok"]:
            self.head = answer["head"]
        return answer

    async def chunks(self, *texts: str) -> Answer:
        return await self.say(*({"type": "chunk", "text": text} for text in texts))


def code(answer: Answer) -> str:
    assert not answer["ok"], answer
    return str(answer["error"]["code"])


async def submitted(node: Node, **fields: Any) -> Answer:
    """An external job, as its submitter is answered."""
    body = {"agent": "external", "input": {"topic": "rain"}, **fields}
    status, accepted = await node.post("/v1/jobs", json=body)
    assert status == 202
    assert isinstance(accepted, dict)
    return accepted
