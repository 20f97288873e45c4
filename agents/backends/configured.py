"""Which backends a worker has, from plain settings; and how they are announced."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from agents.backends.custom import custom_backend
from agents.backends.in_turns import InTurns
from agents.backends.presented import Presented
from agents.backends.protocol import Backend
from agents.backends.providers import AnthropicMessages, Ollama, OpenAIChat, OpenAIResponses, SSEGateway
from agents.backends.scripted import MODELS, Scripted
from agents.backends.scripted.script import script_of
from agents.errors import BackendRejected, InvalidBackend
from shared_events.contract import BackendEntry


class BackendConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One backend as it is wanted; what is None is the choice of its kind.

    `model` is the default, `models` suggests others. `stream` False: it is asked for whole answers, of
    `turn_tokens` each. A custom one is what `factory` (`module:attribute`) makes of `options`.
    """

    name: str
    kind: str
    base_url: str | None = None
    api_key: str | None = None
    model: str | None = None
    models: tuple[str, ...] = ()
    silence_timeout_s: float | None = None
    stream: bool = True
    turn_tokens: int | None = None
    factory: str | None = None
    options: dict[str, Any] = {}

    def __repr__(self) -> str:
        # A key, and maybe secrets among the options, are nobody's to read in a traceback.
        return f"BackendConfig(name={self.name!r}, kind={self.kind!r})"

    def __rich_repr__(self) -> list[tuple[str, str]]:
        return [("name", self.name), ("kind", self.kind)]


SCRIPTED: Final = BackendConfig(name="scripted", kind="scripted")


def backends_from(configs: Sequence[BackendConfig] = (SCRIPTED,)) -> dict[str, Backend]:
    """The backends by name, in the same order: the first is the default. Raises `InvalidBackend`."""
    backends: dict[str, Backend] = {}
    for config in configs:
        if config.name in backends:
            raise InvalidBackend(f"Two backends are named {config.name!r}.")
        backends[config.name] = _presented(config, _in_turns(config, _made(config)))
    return backends


def entries(backends: Mapping[str, Backend]) -> list[BackendEntry]:
    """As a worker announces them, in the same order."""
    return [
        BackendEntry(
            name=name, kind=backend.kind, models=list(backend.models), description=backend.description
        )
        for name, backend in backends.items()
    ]


def _made(config: BackendConfig) -> Backend:
    make = _KINDS.get(config.kind)
    if make is None:
        known = ", ".join(_KINDS)
        raise InvalidBackend(
            f"The kind {config.kind!r} of the backend {config.name!r} is unknown; there are: {known}."
        )
    return make(config)


def _in_turns(config: BackendConfig, backend: Backend) -> Backend:
    return backend if config.turn_tokens is None else InTurns(backend, config.turn_tokens)


def _presented(config: BackendConfig, backend: Backend) -> Backend:
    """Under the name, and with the models, that the configuration says."""
    model = config.model or next(iter(backend.models), None)
    suggested = config.models or (() if config.model else tuple(backend.models))
    models = tuple(dict.fromkeys((*([model] if model else ()), *suggested)))
    if backend.name == config.name and tuple(backend.models) == models:
        return backend
    return Presented(backend, name=config.name, model=config.model, models=models)


def _http(make: Callable[..., Backend], *, anywhere: bool = False) -> Callable[[BackendConfig], Backend]:
    """For a class of `providers`; `anywhere`: there is no address that its servers usually have."""

    def made(config: BackendConfig) -> Backend:
        if anywhere:
            _needed(config, "base_url", config.base_url)
        named = {"base_url": config.base_url, "silence_timeout_s": config.silence_timeout_s}
        return make(
            name=config.name,
            model=_needed(config, "model", config.model),
            models=config.models,
            api_key=config.api_key,
            streams=config.stream,
            **{name: value for name, value in named.items() if value is not None},
        )

    return made


def _scripted(config: BackendConfig) -> Backend:
    for model in (config.model, *config.models):
        try:
            script_of(model or MODELS[0])
        except BackendRejected as error:
            raise InvalidBackend(f"The backend {config.name!r} cannot be: {error}") from None
    return Scripted()


def _custom(config: BackendConfig) -> Backend:
    key = {} if config.api_key is None else {"api_key": config.api_key}
    return custom_backend(config.name, _needed(config, "factory", config.factory), {**config.options, **key})


def _needed(config: BackendConfig, what: str, value: str | None) -> str:
    if value is None:
        raise InvalidBackend(f"The backend {config.name!r} of the kind {config.kind!r} needs a {what}.")
    return value


_KINDS: Final[dict[str, Callable[[BackendConfig], Backend]]] = {
    "openai": _http(OpenAIChat),
    "openai-responses": _http(OpenAIResponses),
    "anthropic": _http(AnthropicMessages),
    "ollama": _http(Ollama),
    "sse": _http(SSEGateway, anywhere=True),
    "scripted": _scripted,
    "custom": _custom,
}
"""How each kind is made of its configuration; name and models are seen to afterwards."""
