"""Says when Jobcast can be used: the web process is ready, and a worker has announced its agents."""

import http.client
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from launch.settings import Settings

_PAUSE_S: Final = 0.1
_TIMEOUT_S: Final = 2.0
_DEMO: Final = (
    "No LLM key found: answers come from the built-in script. "
    "Set OPENAI_API_KEY or OPENAI_BASE_URL for a real model."
)


def announce_when_ready(settings: Settings, say: Callable[[str], None]) -> None:
    """Waits as long as it takes, so give it a daemon thread of its own."""
    while not is_ready(settings.url):
        time.sleep(_PAUSE_S)
    say(
        f"Jobcast is ready: {settings.url}"
        if settings.openai
        else f"Jobcast is ready: {settings.url}\n{_DEMO}"
    )


def is_ready(url: str) -> bool:
    """Asks directly: an HTTP proxy from the environment has no business between processes of one machine."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=_TIMEOUT_S)
    try:
        return _get(connection, "/readyz") is not None and b'"name"' in (
            _get(connection, "/v1/agents") or b""
        )
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _get(connection: http.client.HTTPConnection, path: str) -> bytes | None:
    """The body of a good answer."""
    connection.request("GET", path)
    response = connection.getresponse()
    body = response.read()
    return body if response.status == http.HTTPStatus.OK else None
