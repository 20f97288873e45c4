"""From where browsers may talk to this server."""

import re
from collections.abc import Callable
from typing import Any

from aiohttp import web

from realtime.problem import Handler, problem

_HOST = re.compile(r"(?P<name>\[[0-9a-fA-F:.]+\]|[^\s:@/\[\]]+)(:\d+)?")
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def allows(allowed: tuple[str, ...]) -> Callable[[str, dict[str, Any]], bool]:
    """The check of an Origin header: the server's own origin, or one of `allowed`."""

    def check(origin: str, environ: dict[str, Any]) -> bool:
        own = f"{environ.get('wsgi.url_scheme', 'http')}://{environ.get('HTTP_HOST', '')}"
        return origin in {own, *allowed}

    return check


def known_origins_only(allowed: tuple[str, ...]) -> Any:
    """Refuses what a page of another origin sends with its user's browser; reading is CORS' affair."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        own = f"{request.scheme}://{request.host}"
        if request.method not in _SAFE_METHODS and origin is not None and origin not in {own, *allowed}:
            return problem(403, "wrong_origin", "A page of this origin may not ask for that.")
        return await handler(request)

    return check


def loopback_hosts_only(host: str) -> Any:
    """Refuses requests whose Host is not this machine's: a page elsewhere may have rebound its name to us."""
    known = _LOOPBACK | {host}

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        match = _HOST.fullmatch(request.host)
        if match is None or match["name"].strip("[]").lower() not in known:
            return problem(421, "wrong_host", f"This server answers for {', '.join(sorted(known))} only.")
        return await handler(request)

    return check
