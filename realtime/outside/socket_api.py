"""The requests of the Socket.IO namespace `/agents`: each takes one object and gives its acknowledgement."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
import structlog

from realtime import requests as base
from realtime.engine.socket_io import Answer
from realtime.errors import RequestError, Unavailable, refusal
from realtime.fan_out.outlet import Outlet
from realtime.limits import Limits
from realtime.outside import requests
from realtime.outside.publishing import Publishing

NAMESPACE: Final = "/agents"
PUBLISHERS: Final = "publishers"
"""Whose budget of requests theirs count to."""

_log = structlog.get_logger("outside")


class AgentsApi:
    """Answers publishers."""

    def __init__(self, publishing: Publishing, limits: Limits) -> None:
        self._publishing = publishing
        self._limits = limits
        self.on_refusal: Callable[[], None] = lambda: None
        self._handlers: dict[str, Callable[[Outlet, Any], Awaitable[dict[str, Any]]]] = {
            "agent:begin": self._begin,
            "agent:publish": self._publish,
        }

    @property
    def events(self) -> frozenset[str]:
        return frozenset(self._handlers)

    async def dispatch(self, outlet: Outlet, name: str, payload: Any) -> Answer:
        """The answer to any of `events`; never raises."""
        try:
            self._limits.check(name, user=PUBLISHERS)
            return await self._handlers[name](outlet, payload), None
        except RequestError as error:
            return self._refuse(error)
        except Exception:  # noqa: BLE001  the border of a client's request: it gets an answer, the node lives
            _log.exception("request_failed", request=name)
            return self._refuse(Unavailable("The server could not do that; its log says why."))

    def _refuse(self, error: RequestError) -> Answer:
        self.on_refusal()
        return refusal(error), None

    async def _begin(self, outlet: Outlet, payload: Any) -> dict[str, Any]:
        request = requests.begin(payload)
        held, begun = await self._publishing.begin(base.job_id(request.job_id), request.token)
        held.outlet = outlet
        return {"ok": True, **msgspec.to_builtins(begun)}

    async def _publish(self, outlet: Outlet, payload: Any) -> dict[str, Any]:
        request = requests.publish(payload)
        held, standing = await self._publishing.publish(base.job_id(request.job_id), request)
        held.outlet = outlet
        return {"ok": True, **msgspec.to_builtins(standing)}
