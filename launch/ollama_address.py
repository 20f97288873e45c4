"""Where a local Ollama may be, from `OLLAMA_HOST` as Ollama itself reads it. Pure."""

from typing import Final

from yarl import URL

from launch.environment import Environment, is_http_url, wrong

PORT: Final = 11434
_THIS_MACHINE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  what a server listens on
_ALLOWED: Final = "a host, host:port or http(s):// URL without a user, or off"


def ollama_url(environment: Environment) -> str | None:
    """None if it is not to be looked for. Raises `SettingsError`."""
    value = environment.text("OLLAMA_HOST", "127.0.0.1")
    if value.lower() == "off":
        return None
    has_scheme = "://" in value
    given = (
        value if has_scheme else f"http://127.0.0.1{value}" if value.startswith(":") else f"http://{value}"
    )
    if not is_http_url(given):
        raise wrong("OLLAMA_HOST", value.rpartition("@")[2][:60], _ALLOWED)
    url = URL(given)
    port = url.explicit_port or (url.port if has_scheme else PORT)
    host = _THIS_MACHINE.get(url.host or "", url.host or "")
    return str(url.with_host(host).with_port(port)).rstrip("/")
