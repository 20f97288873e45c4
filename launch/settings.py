"""Every setting, read once by the process that starts: from the environment and `jobcast.toml`.

README.md has the table. A wrong value raises `SettingsError` with its name, the value and what is allowed.
"""

import hashlib
import ipaddress
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal
from urllib.parse import quote

import msgspec

from launch.backend_settings import BackendSettings, read_backends
from launch.config_file import Table, config_path, read_config
from launch.environment import Environment, SettingsError, split_url, wrong
from launch.ollama_address import ollama_url

__all__ = ["LogFormat", "Settings", "SettingsError", "read_settings", "read_url"]

LogFormat = Literal["console", "json"]
LOG_LEVELS: Final = ("debug", "info", "warning", "error")
_DOTTED: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_LONGEST_SOCKET_PATH: Final = 100
"""Unix socket paths end at 104 bytes on macOS, at 108 on Linux."""


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
    backends: tuple[BackendSettings, ...]
    """The default first; workers add a local Ollama and the scripted one."""
    ollama_url: str | None
    """Where workers look for an Ollama; None if they shall not."""
    config_path: Path
    """Where `jobcast.toml` is, or would be."""
    reload: bool
    """Whether a worker begins anew when the code of its agents changes: for development."""
    native: bool
    """Whether the C module of the fan-out is used if it was built."""
    compression: bool
    """Whether websocket clients that offer it get large batches compressed."""

    @property
    def url(self) -> str:
        """The address that a browser on this machine opens."""
        return _url(self.host, self.port)


def read_url(environ: Mapping[str, str] | None = None) -> str:
    """The address alone, for who needs no more. Raises `SettingsError`."""
    environment = Environment(os.environ if environ is None else environ)
    return _url(_host(environment), _port(environment))


def _url(host: str, port: int) -> str:
    reached = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104
    return f"http://[{reached}]:{port}/" if ":" in reached else f"http://{reached}:{port}/"


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process. Raises `SettingsError`."""
    environment = Environment(os.environ if environ is None else environ)
    data_dir = environment.path("DATA_DIR", ".data")
    config = read_config(environment)
    redis_url = environment.redis_url("REDIS_URL")
    needs_embedded = not (
        redis_url or (environment.has("QUEUE_REDIS_URL") and environment.has("EVENT_REDIS_URL"))
    )
    socket = _embedded_socket(data_dir) if needs_embedded else None
    default_url = redis_url or f"unix://{quote(str(socket))}"
    _refuse_what_is_not_built(environment)
    return Settings(
        host=_host(environment),
        port=_port(environment),
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
        backends=read_backends(config, environment),
        ollama_url=ollama_url(environment),
        config_path=config_path(environment),
        reload=environment.choice("JOBCAST_RELOAD", "off", ("on", "off")) == "on",
        native=environment.choice("JOBCAST_NATIVE", "on", ("on", "off")) == "on",
        compression=environment.choice("WEBSOCKET_COMPRESSION", "off", ("on", "off")) == "on",
    )


def _port(environment: Environment) -> int:
    return environment.integer("PORT", 8000, low=1, high=65535)


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


def _modules(config: Table) -> tuple[str, ...]:
    modules = config.texts("modules")
    if not all(_DOTTED.fullmatch(module) for module in modules):
        raise config.refused("modules", 'a list of importable modules such as ["my_package.agents"]')
    return modules
