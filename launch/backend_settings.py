"""The backends that settings name: `[backends.NAME]` of the file, then those whose key the environment has.

Nothing is asked over the network here; workers look for a local Ollama themselves.
"""

import keyword
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

import msgspec

from launch.config_file import Table
from launch.environment import Environment, SettingsError, checked_http_url
from launch.secret import Secret

MOST_BACKENDS: Final = 50
LONGEST_SILENCE_S: Final = 3600
DEFAULT_URLS: Final = {
    "openai": "https://api.openai.com/v1",
    "openai-responses": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com",
    "ollama": "http://127.0.0.1:11434",
}
DEFAULT_MODELS: Final = {
    "openai": "gpt-5-mini",
    "openai-responses": "gpt-5-mini",
    "anthropic": "claude-sonnet-4-5",
}
KINDS: Final = (*DEFAULT_URLS, "sse", "scripted", "custom")

_OF_ALL: Final = ("kind", "model", "models", "stream", "turn_tokens")
_OF_SERVERS: Final = (*_OF_ALL, "base_url", "api_key_env", "silence_timeout_s")
_OF_CUSTOM: Final = (*_OF_ALL, "factory", "options", "api_key_env")
_NAME: Final = re.compile(r"[a-z0-9_-]{1,40}", re.ASCII)
_DOTTED: Final = r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*"
_FACTORY: Final = re.compile(f"{_DOTTED}:{_DOTTED}", re.ASCII)
_VARIABLE: Final = re.compile(r"[A-Z_][A-Z0-9_]{0,99}", re.ASCII)


class BackendSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One backend. None is the choice of its kind; `models` are suggestions besides `model`, the default."""

    name: str
    kind: str
    base_url: str | None = None
    api_key: Secret | None = None
    model: str | None = None
    models: tuple[str, ...] = ()
    silence_timeout_s: float | None = None
    stream: bool = True
    turn_tokens: int | None = None
    factory: str | None = None
    options: dict[str, object] = msgspec.field(default_factory=dict)

    @property
    def host(self) -> str | None:
        """With its port, if the URL names one."""
        return urlsplit(self.base_url).netloc if self.base_url else None

    def __str__(self) -> str:
        """For logs."""
        return f"{self.name} ({self.kind} at {self.host})" if self.host else f"{self.name} ({self.kind})"

    def __repr__(self) -> str:
        # Options are an author's: a secret may be among them.
        return f"BackendSettings({self})"


def read_backends(config: Table, environment: Environment) -> tuple[BackendSettings, ...]:
    """The default first; a name of the file wins over a found one. Raises `SettingsError`."""
    backends = {one.name: one for one in _of_file(config.table("backends"), environment)}
    for one in _of_environment(environment):
        backends.setdefault(one.name, one)
    return tuple(backends.values())


def _of_file(tables: Table, environment: Environment) -> Iterator[BackendSettings]:
    if len(tables) > MOST_BACKENDS:
        raise SettingsError(f"backends has {len(tables)} tables, but at most {MOST_BACKENDS} are allowed.")
    for name in tables:
        if not _NAME.fullmatch(name):
            raise SettingsError(f"The backend name {name[:60]!r} must have 1 to 40 of a-z 0-9 - _.")
        yield _of_table(name, tables.table(name), environment)


def _of_table(name: str, table: Table, environment: Environment) -> BackendSettings:
    kind = _kind(table)
    for holder in (table, table.table("options")):
        if "api_key" in holder:
            raise SettingsError(
                f"{holder.path('api_key')} is refused, for a key does not belong in a file: put it into an "
                f"environment variable, and that one's name here as api_key_env."
            )
    table.only({"scripted": _OF_ALL, "custom": _OF_CUSTOM}.get(kind, _OF_SERVERS))
    return BackendSettings(
        name=name,
        kind=kind,
        base_url=_base_url(kind, table),
        api_key=_key(table, environment),
        model=_model(kind, table),
        models=table.texts("models"),
        silence_timeout_s=table.seconds("silence_timeout_s", low=1, high=LONGEST_SILENCE_S),
        stream=table.flag("stream", default=True),
        turn_tokens=table.integer("turn_tokens", low=1, high=100_000),
        factory=_factory(kind, table),
        options=_options(table.table("options")),
    )


def _kind(table: Table) -> str:
    kind = table.text("kind")
    if kind not in KINDS:
        raise table.refused("kind", "one of " + ", ".join(KINDS)) if kind else _missing(table, "kind", KINDS)
    return kind


def _missing(table: Table, key: str, allowed: tuple[str, ...]) -> SettingsError:
    return SettingsError(f"{table.path(key)} is missing: give {' or '.join(allowed)}.")


def _base_url(kind: str, table: Table) -> str | None:
    url = table.hidden_text("base_url")
    if url is not None:
        return checked_http_url(table.path("base_url"), url)
    if kind == "sse":
        raise _missing(table, "base_url", ("the URL that takes the requests",))
    return DEFAULT_URLS.get(kind)


def _model(kind: str, table: Table) -> str | None:
    model = table.text("model")
    if model is None and kind == "ollama":
        raise _missing(table, "model", ("the name of a model that the server has",))
    return model or DEFAULT_MODELS.get(kind)


def _key(table: Table, environment: Environment) -> Secret | None:
    variable = table.hidden_text("api_key_env")
    if variable is None:
        return None
    path = table.path("api_key_env")
    if not _VARIABLE.fullmatch(variable):
        raise SettingsError(
            f"{path} must be the name of an environment variable, of A-Z 0-9 _, not the key itself; "
            "what stands there is not shown."
        )
    if not environment.has(variable):
        raise SettingsError(f"{path} names the environment variable {variable}, which is not set.")
    return Secret(environment.text(variable, ""))


def _factory(kind: str, table: Table) -> str | None:
    factory = table.text("factory")
    if kind == "custom" and factory is None:
        raise _missing(table, "factory", ("what makes it, such as my_package.backends:Mine",))
    if factory is not None and not _FACTORY.fullmatch(factory):
        raise table.refused("factory", "a dotted path such as my_package.backends:Mine")
    return factory


def _options(table: Table) -> dict[str, object]:
    for key in table:
        if not key.isidentifier() or keyword.iskeyword(key):
            raise SettingsError(f"{table.path(key)} cannot be the name of a keyword argument.")
    return table.values()


def _of_environment(environment: Environment) -> Iterator[BackendSettings]:
    if environment.has("OPENAI_API_KEY") or environment.has("OPENAI_BASE_URL"):
        yield _known("openai", "OPENAI", environment)
    if environment.has("ANTHROPIC_API_KEY"):
        yield _known("anthropic", "ANTHROPIC", environment)


def _known(kind: str, prefix: str, environment: Environment) -> BackendSettings:
    """From the variables that the provider's own SDKs read."""
    key = environment.text(f"{prefix}_API_KEY", "")
    return BackendSettings(
        name=kind,
        kind=kind,
        base_url=environment.http_url(f"{prefix}_BASE_URL", DEFAULT_URLS[kind]),
        api_key=Secret(key) if key else None,
        model=environment.text(f"{prefix}_MODEL", DEFAULT_MODELS[kind]),
    )
