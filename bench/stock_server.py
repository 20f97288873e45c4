"""The peer: python-socketio as its documentation sets it up, several processes joined by Redis.

`python -m bench.stock_server PORT REDIS_URL`. A room per job; `job:subscribe {jobId}` enters it.
"""

import sys
from typing import Any

import socketio
from aiohttp import web


def make_app(redis_url: str) -> web.Application:
    server = socketio.AsyncServer(
        async_mode="aiohttp", client_manager=socketio.AsyncRedisManager(redis_url), cors_allowed_origins=None
    )

    async def subscribe(sid: str, request: dict[str, Any]) -> dict[str, Any]:
        await server.enter_room(sid, request["jobId"])
        return {"ok": True}

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
