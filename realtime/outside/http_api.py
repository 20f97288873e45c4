"""The HTTP requests of publishers. The token of the job is the bearer token."""

from typing import Any

from aiohttp import web

from realtime import requests as base
from realtime.engine.depth import too_deep
from realtime.engine.socket_io import MAX_DEPTH
from realtime.errors import InvalidRequest
from realtime.limits import Limits
from realtime.outside import requests
from realtime.outside.errors import Unauthorized
from realtime.outside.publishing import Publishing
from realtime.outside.socket_api import PUBLISHERS
from realtime.problem import json_body, respond

_BEARER = "bearer "


class PublishingRoutes:
    """Handlers; `routes` says which path each serves."""

    def __init__(self, publishing: Publishing, limits: Limits) -> None:
        self._publishing = publishing
        self._limits = limits

    @property
    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/v1/jobs/{job_id}/begin", self.begin),
            web.post("/v1/jobs/{job_id}/events", self.publish),
        ]

    async def begin(self, request: web.Request) -> web.Response:
        asked = requests.begin(await self._asked(request))
        _, begun = await self._publishing.begin(base.job_id(asked.job_id), asked.token)
        return respond(begun)

    async def publish(self, request: web.Request) -> web.Response:
        asked = requests.publish(await self._asked(request))
        _, standing = await self._publishing.publish(base.job_id(asked.job_id), asked)
        return respond(standing)

    async def _asked(self, request: web.Request) -> dict[str, Any]:
        """The body, with the job of the path and the token of the header. Raises `RequestError`s."""
        self._limits.check("", user=PUBLISHERS)
        token = _token(request)
        body = await json_body(request) if request.can_read_body else {}
        if not isinstance(body, dict) or {"jobId", "token"} & body.keys():
            raise InvalidRequest(
                "The body must be a JSON object; the job stands in the path, its token in Authorization."
            )
        if too_deep(body, MAX_DEPTH):
            raise InvalidRequest(f"The body may be nested {MAX_DEPTH} deep at most.")
        return body | {"jobId": request.match_info["job_id"], "token": token}


def _token(request: web.Request) -> str:
    """Raises `Unauthorized`."""
    header = request.headers.get("Authorization", "")
    if not header[: len(_BEARER)].lower() == _BEARER:
        raise Unauthorized("The header Authorization must be: Bearer, a space, and the token of the job.")
    return header[len(_BEARER) :].strip()
