"""Where a backend is and with which key: checked before it is used. Pure."""

import ipaddress

import aiohttp
from yarl import URL

from agents.errors import InvalidBackend


def completions_url(name: str, base_url: str) -> URL:
    """Where `base_url` takes chat completions. Raises `InvalidBackend`."""
    try:
        url = URL(base_url)
    except ValueError as error:
        raise InvalidBackend(f"The base URL of the backend {name!r} is no URL: {error}.") from error
    if url.scheme not in {"http", "https"} or not url.host:
        raise InvalidBackend(
            f"The base URL of the backend {name!r} must begin with http:// or https:// and a host."
        )
    return url.with_path(url.raw_path.rstrip("/") + "/chat/completions", encoded=True, keep_query=True)


def checked_key(name: str, api_key: str | None) -> str | None:
    """The key as a header can carry it, or None. Raises `InvalidBackend`, which does not show it."""
    key = (api_key or "").strip()
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise InvalidBackend(f"The API key of the backend {name!r} has characters that no key has.")
    return key or None


def authorization(url: URL, key: str | None) -> str | None:
    """What the header `Authorization` says: who is named in `url`, else `key`."""
    if url.user is not None:
        return aiohttp.encode_basic_auth(url.user, url.password or "")
    return f"Bearer {key}" if key else None


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine, by name or address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
