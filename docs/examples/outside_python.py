"""Publish a Jobcast job from any Python process. Needs httpx, and nothing of Jobcast.

    python outside_python.py http://127.0.0.1:8000 JOB_ID TOKEN

Submit with `{"agent": "external", "input": {"topic": "rain"}}`: the answer has the id and the token.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import httpx

HEARTBEAT_S = 5.0


async def model(topic: str) -> AsyncIterator[str]:
    """Your model, your framework, whatever brings text."""
    for word in f"Here is what I know of {topic} : it comes , it goes , and nobody asked it to .".split():
        await asyncio.sleep(0.02)
        yield word + " "


class Publisher:
    """One batch is under way at a time; what comes meanwhile is the next batch."""

    def __init__(self, client: httpx.AsyncClient, job_id: str) -> None:
        self.client, self.path = client, f"/v1/jobs/{job_id}"
        self.waiting: list[dict[str, Any]] = []
        self.epoch, self.head = "", 0
        self.news, self.go_on = asyncio.Event(), asyncio.Event()

    async def begin(self) -> Any:
        begun = await self._post("/begin", {})
        self.epoch, self.head = begun["epoch"], begun["head"]
        self._obey(begun)
        return begun["input"]

    def say(self, **event: Any) -> None:
        self.waiting.append(event)
        self.news.set()

    async def run(self) -> str:
        """Publish until the job has ended, by our word or by a user's; how it ended."""
        while True:
            batch = self.waiting[:500]
            answer = await self._publish(batch)
            del self.waiting[: len(batch)]
            if answer["status"] in {"completed", "failed", "cancelled"}:
                return str(answer["status"])
            if not self.waiting:
                self.news.clear()
                with suppress(TimeoutError):  # then a heartbeat: an empty batch
                    await asyncio.wait_for(self.news.wait(), HEARTBEAT_S)

    async def _publish(self, events: list[dict[str, Any]]) -> Any:
        answer = await self._post("/events", {"epoch": self.epoch, "previous": self.head, "events": events})
        self.head = answer["head"]
        self._obey(answer)
        return answer

    async def _post(self, path: str, body: Any) -> Any:
        """Sent again, the same, until it is answered: the server notices what it has already."""
        for seconds in (0.1, 0.2, 0.5, 1, 2, 5, 10, 10):
            try:
                response = await self.client.post(self.path + path, json=body)
            except httpx.TransportError:
                response = None
            if response is not None and response.status_code not in {429, 502, 503, 504}:
                break
            await asyncio.sleep(seconds)
        else:
            raise SystemExit("The server cannot be reached.")
        answer = response.json()
        if answer.get("code") == "cancelled":
            return {"head": self.head, "status": "cancelled", "control": {}}
        response.raise_for_status()
        return answer

    def _obey(self, answer: Any) -> None:
        (self.go_on.clear if "pause" in answer["control"] else self.go_on.set)()


async def tell(publisher: Publisher, topic: str) -> None:
    try:
        async for token in model(topic):
            await publisher.go_on.wait()
            publisher.say(type="chunk", text=token)
        publisher.say(type="completed", result={"topic": topic})
    except Exception as error:
        publisher.say(type="failed", error={"code": "model", "message": str(error), "retryable": True})
        raise


async def main(url: str, job_id: str, token: str) -> None:
    async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {token}"}) as client:
        publisher = Publisher(client, job_id)
        given = await publisher.begin()
        telling = asyncio.create_task(tell(publisher, given.get("topic", "the weather")))
        print(await publisher.run())
        telling.cancel()  # a user has cancelled: the model need not go on


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
