"""The backends of an installation: what its settings say, for workers and for who tries an agent."""

from typing import Protocol

from agents.backends.configured import backends_from
from agents.backends.protocol import Backend


class Key(Protocol):
    """A value that prints as stars."""

    def reveal(self) -> str: ...


class ServerSettings(Protocol):
    @property
    def base_url(self) -> str: ...
    @property
    def api_key(self) -> Key | None: ...
    @property
    def model(self) -> str: ...


class BackendSettings(Protocol):
    """What `launch.settings.Settings` says of backends; agents do not know who reads settings."""

    @property
    def openai(self) -> ServerSettings | None: ...


def make_backends(settings: BackendSettings) -> dict[str, Backend]:
    """The configured backends, the default first. Raises `InvalidBackend`."""
    openai = settings.openai
    if openai is None:
        return backends_from()
    key = openai.api_key.reveal() if openai.api_key else None
    return backends_from(base_url=openai.base_url, api_key=key, model=openai.model)
