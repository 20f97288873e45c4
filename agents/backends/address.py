"""Where a backend is and with which key: checked before it is used. Pure."""

import ipaddress

import httpx

from agents.errors import InvalidBackend


def completions_url(name: str, base_url: str) -> httpx.URL:
    """Where `base_url` takes chat completions. Raises `InvalidBackend`."""
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL as error:
        raise InvalidBackend(f"The base URL of the backend {name!r} is no URL: {error}.") from error
    if url.scheme not in {"http", "https"} or not url.host:
        raise InvalidBackend(
            f"The base URL of the backend {name!r} must begin with http:// or https:// and a host."
        )
    return url.copy_with(path=url.path.rstrip("/") + "/chat/completions")


def checked_key(name: str, api_key: str | None) -> str | None:
    """The key as a header can carry it, or None. Raises `InvalidBackend`, which does not show it."""
    key = (api_key or "").strip()
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise InvalidBackend(f"The API key of the backend {name!r} has characters that no key has.")
    return key or None


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine, by name or address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
