"""Which backends a worker has, from plain settings; and how they are announced."""

from collections.abc import Mapping

from agents.backends.protocol import Backend
from agents.backends.providers import OpenAIChat
from agents.backends.scripted import Scripted
from shared_events.contract import BackendEntry


def backends_from(
    *, base_url: str | None = None, api_key: str | None = None, model: str = "gpt-5-mini"
) -> dict[str, Backend]:
    """The backends by name, the default first; without a `base_url` only the scripted one.

    Raises `InvalidBackend`.
    """
    backends: list[Backend] = [Scripted()]
    if base_url is not None:
        backends.insert(0, OpenAIChat(base_url, api_key=api_key, model=model))
    return {backend.name: backend for backend in backends}


def entries(backends: Mapping[str, Backend]) -> list[BackendEntry]:
    """As a worker announces them, in the same order."""
    return [
        BackendEntry(
            name=name, kind=backend.kind, models=list(backend.models), description=backend.description
        )
        for name, backend in backends.items()
    ]
