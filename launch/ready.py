"""Says when Jobcast can be used: the web process is ready, and a worker has announced its agents."""

import http.client
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

import msgspec

from launch.settings import Settings

_PAUSE_S: Final = 0.1
_TIMEOUT_S: Final = 2.0
_DEMO: Final = (
    "No LLM key found: answers come from the built-in script. "
    "Set OPENAI_API_KEY or OPENAI_BASE_URL for a real model."
)


class _Named(msgspec.Struct):
    name: str
    kind: str = ""


class _Catalogue(msgspec.Struct):
    """Of `GET /v1/agents`; the first backend is the default."""

    agents: list[_Named] = []
    backends: list[_Named] = []

    @property
    def plays_a_script(self) -> bool:
        """Nobody else is there to answer: the workers found neither a key nor an Ollama."""
        return all(backend.kind == "scripted" for backend in self.backends)


def announce_when_ready(settings: Settings, say: Callable[[str], None]) -> None:
    """Waits as long as it takes, so give it a daemon thread of its own."""
    while (catalogue := _catalogue(settings.url)) is None:
        time.sleep(_PAUSE_S)
    ready = f"Jobcast is ready: {settings.url}"
    say(f"{ready}\n{_DEMO}" if catalogue.plays_a_script else ready)


def _catalogue(url: str) -> _Catalogue | None:
    """What can be asked for; None while that is nothing.

    It asks directly: an HTTP proxy from the environment has no business between processes of one machine.
    """
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=_TIMEOUT_S)
    try:
        if _get(connection, "/readyz") is None:
            return None
        catalogue = msgspec.json.decode(_get(connection, "/v1/agents") or b"{}", type=_Catalogue)
        return catalogue if catalogue.agents else None
    except (OSError, http.client.HTTPException, msgspec.DecodeError):
        return None
    finally:
        connection.close()


def _get(connection: http.client.HTTPConnection, path: str) -> bytes | None:
    """The body of a good answer."""
    connection.request("GET", path)
    response = connection.getresponse()
    body = response.read()
    return body if response.status == http.HTTPStatus.OK else None
