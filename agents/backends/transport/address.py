"""Where a backend is and with which key: checked before it is used. Pure."""

import ipaddress

import aiohttp
from yarl import URL

from agents.errors import InvalidBackend


def server_url(name: str, base_url: str) -> URL:
    """`base_url`, looked at. Raises `InvalidBackend`."""
    try:
        url = URL(base_url)
    except ValueError as error:
        raise InvalidBackend(f"The base URL of the backend {name!r} is no URL: {error}.") from error
    if url.scheme not in {"http", "https"} or not url.host:
        raise InvalidBackend(
            f"The base URL of the backend {name!r} must begin with http:// or https:// and a host."
        )
    return url


def under(url: URL, path: str) -> URL:
    """`url` with `path` (`/chat/completions`) behind its own, and its query; itself if there is no `path`."""
    if not path:
        return url
    return url.with_path(url.raw_path.rstrip("/") + path, encoded=True, keep_query=True)


def checked_key(name: str, api_key: str | None) -> str | None:
    """The key as a header can carry it, or None. Raises `InvalidBackend`, which does not show it."""
    key = (api_key or "").strip()
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise InvalidBackend(f"The API key of the backend {name!r} has characters that no key has.")
    return key or None


def basic_authorization(url: URL) -> dict[str, str]:
    """The header `Authorization` for who is named in `url`, if anybody is."""
    if url.user is None:
        return {}
    return {"Authorization": aiohttp.encode_basic_auth(url.user, url.password or "")}


def bearer(key: str | None) -> dict[str, str]:
    """The header `Authorization` for a key."""
    return {"Authorization": f"Bearer {key}"} if key else {}


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine, by name or address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
