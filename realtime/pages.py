"""The page at `/` and what it loads: our own files, and packages that npm brought."""

from pathlib import Path
from typing import Final

from aiohttp import web

_HERE: Final = Path(__file__).parent
_CHECKOUT: Final = _HERE.parent
ASSETS: Final = {
    "socket.io.esm.min.js": _CHECKOUT / "node_modules/socket.io-client/dist/socket.io.esm.min.js",
    "socket.io.esm.min.js.map": _CHECKOUT / "node_modules/socket.io-client/dist/socket.io.esm.min.js.map",
}
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' ws: wss:; "
        "img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


def routes() -> list[web.AbstractRouteDef]:
    return [
        web.get("/", _index),
        web.get("/assets/{name}", _asset),
        web.static("/web", _HERE / "web", append_version=False),
    ]


async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """To be called for every response before it is sent."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)


async def _index(_request: web.Request) -> web.FileResponse:
    return web.FileResponse(_HERE / "web/index.html")


async def _asset(request: web.Request) -> web.FileResponse:
    path = ASSETS.get(request.match_info["name"])
    if path is None or not path.is_file():
        raise web.HTTPNotFound(text="There is no such asset; `make run` fetches them.")
    return web.FileResponse(path)
