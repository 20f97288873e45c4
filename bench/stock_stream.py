"""A streamed answer the usual way: httpx with httpx-sse, and a round trip to Redis for every chunk.

`stream` is a job for stock RQ, `stream_async` the same as a coroutine. The events are Jobcast's, the log is
a stream that nobody checks.
"""

import json
from typing import Any, Final

import httpx
import httpx_sse
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from shared_events.events import now_ms

JOB: Final = "bench.stock_stream.stream"
TIMEOUT_S: Final = 60.0


def log_key(job: str) -> str:
    return f"stock:{job}:log"


def channel(job: str) -> str:
    return f"stock:{job}:events"


class Numbered:
    """Makes the events of one job."""

    def __init__(self, job: str) -> None:
        self._job = job
        self._sequence = 0

    def next(self, name: str, **fields: Any) -> str:
        self._sequence += 1
        event = {"jobId": self._job, "sequence": self._sequence, "timestamp": now_ms(), **fields}
        return json.dumps([name, event])


def stream(job: str, prompt: str, base_url: str, redis_url: str) -> None:
    """Publish the answer to `prompt`."""
    events = Numbered(job)
    with (
        Redis.from_url(redis_url, protocol=2) as redis,
        httpx.Client(timeout=TIMEOUT_S, trust_env=False) as client,
        httpx_sse.connect_sse(client, "POST", _url(base_url), json=_body(prompt)) as source,
    ):
        for event in source.iter_sse():
            if text := _text(event.data):
                _publish(redis, job, events.next("model:chunk", chunk=text))
        _publish(redis, job, events.next("job:completed"))


async def stream_async(
    job: str, prompt: str, base_url: str, *, redis: AsyncRedis, client: httpx.AsyncClient
) -> None:
    """Publish the answer to `prompt`, beside others on the same loop."""
    events = Numbered(job)
    async with httpx_sse.aconnect_sse(client, "POST", _url(base_url), json=_body(prompt)) as source:
        async for event in source.aiter_sse():
            if text := _text(event.data):
                await _publish_async(redis, job, events.next("model:chunk", chunk=text))
    await _publish_async(redis, job, events.next("job:completed"))


def _url(base_url: str) -> str:
    return f"{base_url}/chat/completions"


def _body(prompt: str) -> dict[str, Any]:
    messages = [{"role": "user", "content": prompt}]
    return {"model": "gpt-5-mini", "messages": messages, "stream": True}


def _text(data: str) -> str | None:
    if data == "[DONE]":
        return None
    choices = json.loads(data)["choices"]
    return choices[0]["delta"].get("content") if choices else None


def _publish(redis: Redis, job: str, event: str) -> None:
    with redis.pipeline(transaction=False) as pipe:
        pipe.xadd(log_key(job), {"e": event})
        pipe.publish(channel(job), event)
        pipe.execute()


async def _publish_async(redis: AsyncRedis, job: str, event: str) -> None:
    async with redis.pipeline(transaction=False) as pipe:
        pipe.xadd(log_key(job), {"e": event})
        pipe.publish(channel(job), event)
        await pipe.execute()
