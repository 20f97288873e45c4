"""The backends of an installation: what its settings say, for workers and for who tries an agent."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from agents.backends.configured import BackendConfig, backends_from
from agents.backends.protocol import Backend


class Key(Protocol):
    """A value that prints as stars."""

    def reveal(self) -> str: ...


class BackendsSettings(Protocol):
    """What settings say of backends; agents do not know who reads them."""

    @property
    def backends(self) -> Sequence[msgspec.Struct]:
        """Each has the fields of `BackendConfig`, with a `Key | None` for its key."""
        ...


def make_backends(settings: BackendsSettings) -> dict[str, Backend]:
    """The backends of the settings, the default first. Raises `InvalidBackend`."""
    return backends_from([_config(one) for one in settings.backends])


def _config(backend: msgspec.Struct) -> BackendConfig:
    """The same on this side of the border, where a key is a plain text."""
    fields = msgspec.structs.asdict(backend)
    key: Key | None = fields.pop("api_key")
    return BackendConfig(**fields, api_key=key.reveal() if key is not None else None)
