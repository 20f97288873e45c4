"""The HTTP requests of PROTOCOL.md."""

import asyncio
from typing import Any, Final

import msgspec
from aiohttp import web
from redis.asyncio import Redis
from redis.exceptions import RedisError

from realtime import requests
from realtime.agents import AgentDirectory
from realtime.errors import InvalidRequest, Unavailable
from realtime.fan_out.probe import Probe
from realtime.jobs import Jobs
from realtime.limits import Limits
from realtime.metrics import Metrics
from realtime.problem import Handler, json_body, respond
from realtime.socket_api import OWNER
from shared_events.ids import JobId

PING_WITHIN_S: Final = 2.0


class HttpApi:
    """Handlers; `routes` says which path each serves."""

    def __init__(
        self,
        jobs: Jobs,
        directory: AgentDirectory,
        *,
        limits: Limits,
        probe: Probe,
        redis: Redis,
        metrics: Metrics,
    ) -> None:
        self._jobs = jobs
        self._limits = limits
        self._directory = directory
        self._probe = probe
        self._redis = redis
        self._metrics = metrics
        self.draining = False

    @property
    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/v1/jobs", self._limited(self.submit, "job:submit")),
            web.get("/v1/jobs/{job_id}", self._limited(self.read)),
            web.post("/v1/jobs/{job_id}/cancel", self._limited(self.cancel)),
            web.post("/v1/jobs/{job_id}/pause", self._limited(self.pause)),
            web.post("/v1/jobs/{job_id}/resume", self._limited(self.resume)),
            web.get("/v1/agents", self._limited(self.agents)),
            web.get("/healthz", self.healthz),
            web.get("/readyz", self.readyz),
            web.get("/metrics", self.metrics),
        ]

    async def submit(self, request: web.Request) -> web.Response:
        body = await json_body(request)
        key = request.headers.get("Idempotency-Key")
        if key is not None and isinstance(body, dict):
            body.setdefault("idempotencyKey", key)
        accepted = await self._jobs.submit(requests.submit(body), owner=OWNER)
        self._metrics.submitted.inc()
        return respond(accepted, status=202, headers={"Location": f"/v1/jobs/{accepted.job_id}"})

    async def read(self, request: web.Request) -> web.Response:
        meta, view = await self._jobs.read(_job_id(request))
        body: dict[str, Any] = msgspec.to_builtins(view.snapshot(reset=False))
        del body["reset"]
        return respond(body | {"agent": meta.agent, "created": meta.created_ms})

    async def cancel(self, request: web.Request) -> web.Response:
        asked = await _asked(request, requests.Cancel)
        return respond(await self._jobs.cancel(_job_id(request), reason=asked.reason, by=OWNER))

    async def pause(self, request: web.Request) -> web.Response:
        asked = await _asked(request, requests.Pause)
        return respond(await self._jobs.pause(_job_id(request), reason=asked.reason, by=OWNER))

    async def resume(self, request: web.Request) -> web.Response:
        await _asked(request, requests.Resume)
        return respond(await self._jobs.resume(_job_id(request), by=OWNER))

    async def agents(self, _request: web.Request) -> web.Response:
        try:
            known = await self._directory.catalogue()
        except (RedisError, OSError) as error:
            raise Unavailable(f"The catalogue cannot be read just now ({type(error).__name__}).") from error
        agents = sorted(known.agents.values(), key=lambda agent: agent.name)
        return respond({"agents": agents, "backends": list(known.backends.values())})

    async def healthz(self, _request: web.Request) -> web.Response:
        return respond({"healthy": True})

    async def readyz(self, _request: web.Request) -> web.Response:
        """Ready: Redis answers, what is published comes back over the bus, and the node is not going."""
        checks = {
            "redis": await self._redis_answers(),
            "bus": self._probe.hears,
            "staying": not self.draining,
        }
        ready = all(checks.values())
        return respond({"ready": ready, "checks": checks}, status=200 if ready else 503)

    async def metrics(self, _request: web.Request) -> web.Response:
        return web.Response(body=self._metrics.text(), headers={"Content-Type": "text/plain; version=0.0.4"})

    def _limited(self, handler: Handler, request_name: str = "") -> Handler:
        """`handler`, but that one user may not ask too often."""

        async def check(request: web.Request) -> web.StreamResponse:
            self._limits.check(request_name, user=OWNER)
            return await handler(request)

        return check

    async def _redis_answers(self) -> bool:
        try:
            async with asyncio.timeout(PING_WITHIN_S):
                return bool(await self._redis.ping())
        except (RedisError, OSError, TimeoutError):
            return False


async def _asked(request: web.Request, kind: type[requests.R]) -> requests.R:
    """What is asked of the job in the path; its body may be absent. Raises `InvalidRequest`, `NotFound`."""
    body = await json_body(request) if request.can_read_body else {}
    if not isinstance(body, dict):
        raise InvalidRequest("The body must be a JSON object, or nothing.")
    return requests.parse(body | {"jobId": _job_id(request)}, kind)


def _job_id(request: web.Request) -> JobId:
    return requests.job_id(request.match_info["job_id"])
