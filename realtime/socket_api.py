"""The Socket.IO requests: each takes one object and gives the body of its acknowledgement."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
import structlog

from realtime import requests
from realtime.engine.socket_io import Answer
from realtime.errors import RequestError, Unavailable, refusal
from realtime.fan_out.hub import Hub
from realtime.fan_out.outlet import Outlet
from realtime.jobs import Jobs
from realtime.limits import Limits
from realtime.metrics import Metrics

OWNER: Final = "dev"
"""The only user of a server without sign-in."""

_log = structlog.get_logger("socket")


class SocketApi:
    """Answers the requests of PROTOCOL.md."""

    def __init__(self, hub: Hub, jobs: Jobs, limits: Limits) -> None:
        self._hub = hub
        self._jobs = jobs
        self._limits = limits
        self.metrics: Metrics | None = None
        self._handlers: dict[str, Callable[[Outlet, Any], Awaitable[Answer]]] = {
            "job:submit": self._submit,
            "job:subscribe": self._subscribe,
            "job:unsubscribe": self._unsubscribe,
            "job:visibility": self._visibility,
            "job:cancel": self._cancel,
            "job:pause": self._pause,
            "job:resume": self._resume,
        }

    @property
    def events(self) -> frozenset[str]:
        return frozenset(self._handlers)

    async def dispatch(self, outlet: Outlet, name: str, payload: Any) -> Answer:
        """The answer to any of `events`; never raises."""
        try:
            self._limits.check(name, user=OWNER, budget=outlet.budget)
            return await self._handlers[name](outlet, payload)
        except RequestError as error:
            return self._refuse(error)
        except Exception:  # noqa: BLE001  the border of a client's request: it gets an answer, the node lives
            _log.exception("request_failed", request=name)
            return self._refuse(Unavailable("The server could not do that; its log says why."))

    def _refuse(self, error: RequestError) -> Answer:
        if self.metrics is not None:
            self.metrics.refused.inc()
        return refusal(error), None

    async def _submit(self, _outlet: Outlet, payload: Any) -> Answer:
        accepted = await self._jobs.submit(requests.submit(payload), owner=OWNER)
        if self.metrics is not None:
            self.metrics.submitted.inc()
        return _ok(accepted), None

    async def _subscribe(self, outlet: Outlet, payload: Any) -> Answer:
        request = requests.parse(payload, requests.Subscribe)
        checkpoint = requests.checkpoint(request)
        job_id = requests.job_id(request.job_id)
        standing, attach = await self._hub.join(outlet, job_id, checkpoint)
        return {
            "ok": True,
            "jobId": job_id,
            "status": standing.status,
            "epoch": standing.position.epoch,
            "sequence": standing.position.sequence,
            "mode": "snapshot" if standing.is_snapshot else "delta",
        }, attach

    async def _unsubscribe(self, outlet: Outlet, payload: Any) -> Answer:
        job_id = requests.job_id(requests.parse(payload, requests.Unsubscribe).job_id)
        self._hub.leave(outlet, job_id)
        return {"ok": True, "jobId": job_id}, None

    async def _visibility(self, outlet: Outlet, payload: Any) -> Answer:
        request = requests.parse(payload, requests.Visibility)
        job_id = requests.job_id(request.job_id)
        self._hub.show(outlet, job_id, visible=request.visible)
        return {"ok": True, "jobId": job_id, "visible": request.visible}, None

    async def _cancel(self, _outlet: Outlet, payload: Any) -> Answer:
        request = requests.parse(payload, requests.Cancel)
        cancelled = await self._jobs.cancel(requests.job_id(request.job_id), reason=request.reason, by=OWNER)
        return _ok(cancelled), None

    async def _pause(self, _outlet: Outlet, payload: Any) -> Answer:
        request = requests.parse(payload, requests.Pause)
        paused = await self._jobs.pause(requests.job_id(request.job_id), reason=request.reason, by=OWNER)
        return _ok(paused), None

    async def _resume(self, _outlet: Outlet, payload: Any) -> Answer:
        job_id = requests.job_id(requests.parse(payload, requests.Resume).job_id)
        return _ok(await self._jobs.resume(job_id, by=OWNER)), None


def _ok(body: msgspec.Struct) -> dict[str, Any]:
    return {"ok": True, **msgspec.to_builtins(body)}
