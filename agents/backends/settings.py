"""The backends of an installation: what its settings say, for workers and for who tries an agent."""

import msgspec

from agents.backends.configured import BackendConfig, backends_from
from agents.backends.protocol import Backend
from launch.backend_settings import BackendSettings
from launch.settings import Settings


def make_backends(settings: Settings) -> dict[str, Backend]:
    """The backends of settings that `with_found_backends` has completed, the default first.

    Raises `InvalidBackend`.
    """
    return backends_from([_config(one) for one in settings.backends])


def _config(backend: BackendSettings) -> BackendConfig:
    """The same on the other side of the border, where a key is a plain text."""
    fields = msgspec.structs.asdict(backend)
    return BackendConfig(**fields | {"api_key": backend.api_key.reveal() if backend.api_key else None})
