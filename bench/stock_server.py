"""The peer: python-socketio as its documentation sets it up, several processes joined by Redis.

`python -m bench.stock_server PORT REDIS_URL`. A room per job; `job:subscribe {jobId}` enters it. With
`lastSequence` whoever asks is first sent what the job's log has after that, event by event.
"""

import json
import sys
from typing import Any

import socketio
from aiohttp import web
from redis.asyncio import BlockingConnectionPool, Redis


def make_app(redis_url: str) -> web.Application:
    redis = Redis.from_pool(BlockingConnectionPool.from_url(redis_url, timeout=None))
    server = socketio.AsyncServer(
        async_mode="aiohttp", client_manager=socketio.AsyncRedisManager(redis_url), cors_allowed_origins=None
    )

    async def subscribe(sid: str, request: dict[str, Any]) -> dict[str, Any]:
        await server.enter_room(sid, request["jobId"])
        if "lastSequence" in request:
            server.start_background_task(replay, sid, request["jobId"], request["lastSequence"])
        return {"ok": True}

    async def replay(sid: str, job: str, sequence: int) -> None:
        entries: Any = await redis.xrange(f"jobcast:{{{job}}}:log", f"({sequence}-0")
        for _, entry in entries:
            name, payload = json.loads(entry[b"e"])
            await server.emit(name, payload, to=sid)

    server.on("job:subscribe", subscribe)
    app = web.Application()
    server.attach(app)
    return app


if __name__ == "__main__":
    web.run_app(
        make_app(sys.argv[2]),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        print=None,
        access_log=None,
        backlog=4096,
    )
