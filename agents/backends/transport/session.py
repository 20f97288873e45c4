"""Opens the connections to a backend: how long one may take, which proxy, whose certificates."""

import ssl
from typing import Final
from urllib.request import getproxies, proxy_bypass

import aiohttp
import certifi
from yarl import URL

from agents.backends.transport.address import is_loopback
from agents.backends.transport.transport_errors import CONNECT_TIMEOUT_S
from agents.errors import InvalidBackend

_KEPT_S: Final = 15.0
"""So long an idle connection waits for another request."""
_READ_AHEAD_BYTES: Final = 16 * 1024
"""A stream that nobody reads stops its socket at twice this."""
_HEADER_BYTES: Final = 32 * 1024


class CutResponse(aiohttp.ClientResponse):
    """A response whose `close` cuts its connection: nobody waits for a peer that does not read."""

    def close(self) -> None:
        if self.connection is not None and self.connection.transport is not None:
            self.connection.transport.abort()
        super().close()


def open_session(url: URL, *, silence_timeout_s: float) -> aiohttp.ClientSession:
    """A session for requests to `url`, without cookies. Raises `InvalidBackend` for an unusable proxy."""
    return aiohttp.ClientSession(
        proxy=proxy_for(url),
        # As many at once as there are jobs: how many that may be is the worker's to say.
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEPT_S, ssl=_authorities(url)),
        timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_TIMEOUT_S, sock_read=silence_timeout_s),
        cookie_jar=aiohttp.DummyCookieJar(),
        response_class=CutResponse,
        read_bufsize=_READ_AHEAD_BYTES,
        max_line_size=_HEADER_BYTES,
        max_field_size=_HEADER_BYTES,
    )


def proxy_for(url: URL) -> URL | None:
    """The proxy that the environment names for `url`. Raises `InvalidBackend`."""
    # A proxy of the environment is for the world outside, not for a model on this machine.
    if is_loopback(url.host or "") or proxy_bypass(f"{url.host}:{url.port}"):
        return None
    named = getproxies()
    address = named.get(url.scheme) or named.get("all")
    return _proxy(address) if address else None


def _proxy(address: str) -> URL:
    try:
        proxy = URL(address if "://" in address else f"http://{address}")
    except ValueError:
        proxy = URL()
    if proxy.scheme not in {"http", "https"} or not proxy.host:
        # The address is not repeated: it may hold a password.
        raise InvalidBackend("The proxy that the environment names cannot be used.")
    return proxy


def _authorities(url: URL) -> ssl.SSLContext | bool:
    """This machine's certificate authorities, and the usual ones for a machine that has none."""
    if url.scheme != "https":
        return True
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    context.set_alpn_protocols(["http/1.1"])
    return context
