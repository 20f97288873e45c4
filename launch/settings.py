"""Every setting, read once by the process that starts: from the environment and `jobcast.toml`.

README.md has the table. A wrong value raises `SettingsError` with its name, the value and what is allowed.
"""

import hashlib
import ipaddress
import os
import re
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import quote

import msgspec

from launch.environment import Environment, SettingsError, split_url, wrong

__all__ = ["LogFormat", "OpenAISettings", "Secret", "Settings", "SettingsError", "read_settings"]

LogFormat = Literal["console", "json"]
LOG_LEVELS: Final = ("debug", "info", "warning", "error")
_LONGEST_SOCKET_PATH: Final = 100
"""Unix socket paths end at 104 bytes on macOS, at 108 on Linux."""


class Secret:
    """A value that prints as stars."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__


class OpenAISettings(msgspec.Struct, frozen=True):
    """An OpenAI-compatible server, from the environment that OpenAI's own SDKs read."""

    base_url: str
    api_key: Secret | None
    model: str


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    host: str
    port: int
    data_dir: Path
    queue_redis_url: str
    event_redis_url: str
    embedded_socket: Path | None
    """Where the embedded Redis listens; None when a Redis was given by URL."""
    cors_origins: tuple[str, ...]
    max_connections: int
    """Of browsers and other clients with one web process."""
    worker_concurrency: int
    lease_s: float
    drain_s: float
    drain_notice_s: float
    """How long a node that was told to stop goes on as before, but for saying that it is not ready."""
    log_format: LogFormat
    log_level: str
    key_prefix: str
    modules: tuple[str, ...]
    """Importable modules with agents of one's own, from `jobcast.toml`."""
    openai: OpenAISettings | None
    native: bool
    """Whether the C module of the fan-out is used if it was built."""
    compression: bool
    """Whether websocket clients that offer it get large batches compressed."""

    @property
    def url(self) -> str:
        """The address that a browser on this machine opens."""
        host = "127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host  # noqa: S104
        return f"http://[{host}]:{self.port}/" if ":" in host else f"http://{host}:{self.port}/"


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process. Raises `SettingsError`."""
    environment = Environment(os.environ if environ is None else environ)
    data_dir = environment.path("DATA_DIR", ".data")
    config = _read_config(environment)
    redis_url = environment.redis_url("REDIS_URL")
    needs_embedded = not (
        redis_url or (environment.has("QUEUE_REDIS_URL") and environment.has("EVENT_REDIS_URL"))
    )
    socket = _embedded_socket(data_dir) if needs_embedded else None
    default_url = redis_url or f"unix://{quote(str(socket))}"
    _refuse_what_is_not_built(environment)
    return Settings(
        host=_host(environment),
        port=environment.integer("PORT", 8000, low=1, high=65535),
        data_dir=data_dir,
        queue_redis_url=environment.redis_url("QUEUE_REDIS_URL") or default_url,
        event_redis_url=environment.redis_url("EVENT_REDIS_URL") or default_url,
        embedded_socket=socket,
        cors_origins=_origins(environment),
        max_connections=environment.integer("MAX_CONNECTIONS", 50_000, low=1, high=1_000_000),
        worker_concurrency=environment.integer("WORKER_CONCURRENCY", 200, low=1, high=2000),
        lease_s=environment.number("LEASE_SECONDS", 15, low=1, high=3600),
        drain_s=environment.number("DRAIN_SECONDS", 30, low=0, high=3600),
        drain_notice_s=environment.number("DRAIN_NOTICE_SECONDS", 0, low=0, high=600),
        log_format=environment.choice("LOG_FORMAT", "console", ("console", "json")),  # type: ignore[arg-type]
        log_level=environment.choice("LOG_LEVEL", "info", LOG_LEVELS),
        key_prefix=environment.pattern(
            "KEY_PREFIX", "jobcast", r"[a-z0-9_-]{1,40}", "1 to 40 of a-z 0-9 _ -"
        ),
        modules=_modules(config),
        openai=_openai(environment),
        native=environment.choice("JOBCAST_NATIVE", "on", ("on", "off")) == "on",
        compression=environment.choice("WEBSOCKET_COMPRESSION", "off", ("on", "off")) == "on",
    )


def _host(environment: Environment) -> str:
    host = environment.text("HOST", "127.0.0.1")
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        raise wrong("HOST", host, "an IP address or localhost") from None
    if not loopback:
        raise SettingsError(
            f"HOST is {host!r}, but this version has no sign-in yet and serves the loopback interface only: "
            "set HOST to 127.0.0.1, ::1 or localhost."
        )
    return host


def _refuse_what_is_not_built(environment: Environment) -> None:
    """A security setting that would be ignored must stop the start."""
    for name in ("JOBCAST_SECRET", "JOBCAST_JWKS_URL"):
        if environment.has(name):
            raise SettingsError(f"{name} is set, but this version cannot check tokens yet: unset it.")


def _origins(environment: Environment) -> tuple[str, ...]:
    if not environment.has("CORS_ORIGINS"):
        return ()
    origins = tuple(
        part.strip().rstrip("/") for part in environment.text("CORS_ORIGINS", "").split(",") if part.strip()
    )
    for origin in origins:
        parts = split_url(origin)
        if (
            not parts
            or parts.scheme not in {"http", "https"}
            or not parts.hostname
            or parts.path
            or "*" in origin
        ):
            raise wrong(
                "CORS_ORIGINS", origin, "origins such as https://app.example.com, separated by commas"
            )
    return origins


def _embedded_socket(data_dir: Path) -> Path:
    """A unix socket: no port to collide on, nothing for another user of the machine to connect to."""
    socket = data_dir / "redis" / "redis.sock"
    if len(os.fsencode(socket)) <= _LONGEST_SOCKET_PATH:
        return socket
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"jobcast-{os.getuid()}-{digest}" / "redis.sock"


def _openai(environment: Environment) -> OpenAISettings | None:
    if not environment.has("OPENAI_API_KEY") and not environment.has("OPENAI_BASE_URL"):
        return None
    key = environment.text("OPENAI_API_KEY", "")
    return OpenAISettings(
        base_url=environment.http_url("OPENAI_BASE_URL", "https://api.openai.com/v1"),
        api_key=Secret(key) if key else None,
        model=environment.text("OPENAI_MODEL", "gpt-5-mini"),
    )


def _read_config(environment: Environment) -> dict[str, Any]:
    named = environment.has("JOBCAST_CONFIG")
    path = environment.path("JOBCAST_CONFIG", "jobcast.toml")
    try:
        config = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if named:
            raise wrong("JOBCAST_CONFIG", str(path), "the path of a readable file") from None
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}.") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not valid TOML: {error}.") from error
    if unknown := sorted(config.keys() - {"modules"}):
        raise SettingsError(f"{path} has {unknown[0]!r}, but only knows: modules.")
    return config


def _modules(config: dict[str, Any]) -> tuple[str, ...]:
    modules = config.get("modules", [])
    dotted = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
    if not isinstance(modules, list) or not all(isinstance(m, str) and dotted.fullmatch(m) for m in modules):
        raise wrong("modules", repr(modules), 'a list of importable modules such as ["my_package.agents"]')
    return tuple(modules)
