"""Every setting: its default, what is allowed, and the sentence for what is not."""

import os
from pathlib import Path

import pytest
import redis

from launch.settings import Settings, SettingsError, read_settings, read_url

PASSWORD = "hunter2-secret"  # a value that no message may show


def read(**environ: str) -> Settings:
    return read_settings({"JOBCAST_CONFIG": os.devnull, **environ})


def sentence(**environ: str) -> str:
    with pytest.raises(SettingsError) as caught:
        read(**environ)
    return str(caught.value)


def test_without_any_setting_everything_stays_on_this_machine() -> None:
    settings = read()
    assert settings.url == "http://127.0.0.1:8000/"
    assert settings.data_dir == Path.cwd() / ".data"
    assert settings.embedded_socket is not None
    assert settings.queue_redis_url == settings.event_redis_url
    assert settings.backends == ()
    assert not settings.reload


def test_an_empty_value_is_an_absent_one() -> None:
    assert read(PORT="", REDIS_URL=" ", OPENAI_API_KEY="") == read()


@pytest.mark.parametrize(
    ("name", "value", "shown", "allowed"),
    [
        ("PORT", "http", "'http'", "a whole number from 1 to 65535"),
        ("PORT", "0", "'0'", "a whole number from 1 to 65535"),
        ("PORT", "65536", "'65536'", "a whole number from 1 to 65535"),
        ("PORT", "-1", "'-1'", "a whole number from 1 to 65535"),
        ("PORT", "8000.0", "'8000.0'", "a whole number from 1 to 65535"),
        ("PORT", "٨٠٠٠", "'٨٠٠٠'", "a whole number from 1 to 65535"),
        ("HOST", "example.com", "'example.com'", "an IP address or localhost"),
        ("HOST", "0.0.0.0", "'0.0.0.0'", "127.0.0.1, ::1 or localhost"),
        ("DATA_DIR", "~nobody-of-this-name/x", "'~nobody-of-this-name/x'", "~"),
        ("REDIS_URL", "http://localhost", "'http://…'", "a redis://, rediss:// or unix:// URL"),
        ("REDIS_URL", "localhost:6379", "REDIS_URL", "a redis://, rediss:// or unix:// URL"),
        ("REDIS_URL", "redis://localhost:port", "'…'", "a redis://, rediss:// or unix:// URL"),
        ("QUEUE_REDIS_URL", "redis://[::1", "'…'", "a redis://, rediss:// or unix:// URL"),
        ("EVENT_REDIS_URL", "memory://", "'memory://…'", "a redis://, rediss:// or unix:// URL"),
        ("CORS_ORIGINS", "*", "'*'", "https://app.example.com"),
        ("CORS_ORIGINS", "https://*.example.com", "'https://*.example.com'", "https://app.example.com"),
        ("CORS_ORIGINS", "https://a.example,b.example", "'b.example'", "https://app.example.com"),
        ("CORS_ORIGINS", "https://a.example/path", "'https://a.example/path'", "https://app.example.com"),
        ("CORS_ORIGINS", "https://[::1", "'https://[::1'", "https://app.example.com"),
        ("WORKER_CONCURRENCY", "0", "'0'", "a whole number from 1 to 2000"),
        ("WORKER_CONCURRENCY", "many", "'many'", "a whole number from 1 to 2000"),
        ("LEASE_SECONDS", "0.5", "'0.5'", "a number of seconds from 1 to 3600"),
        ("LEASE_SECONDS", "nan", "'nan'", "a number of seconds from 1 to 3600"),
        ("DRAIN_SECONDS", "-1", "'-1'", "a number of seconds from 0 to 3600"),
        ("DRAIN_SECONDS", "1e3", "'1e3'", "a number of seconds from 0 to 3600"),
        ("LOG_FORMAT", "xml", "'xml'", "one of console, json"),
        ("LOG_LEVEL", "loud", "'loud'", "one of debug, info, warning, error"),
        ("KEY_PREFIX", "a{b}", "'a{b}'", "1 to 40 of a-z 0-9 _ -"),
        ("WEBSOCKET_COMPRESSION", "gzip", "'gzip'", "one of on, off"),
        ("JOBCAST_RELOAD", "always", "'always'", "one of on, off"),
        ("JOBCAST_NATIVE", "maybe", "'maybe'", "one of on, off"),
        ("JOBCAST_CONFIG", "/no/such/file.toml", "'/no/such/file.toml'", "the path of a readable file"),
        ("OPENAI_BASE_URL", "api.example.com", "OPENAI_BASE_URL", "an http:// or https:// URL"),
        ("JOBCAST_SECRET", PASSWORD, "JOBCAST_SECRET", "unset it"),
        ("JOBCAST_JWKS_URL", "https://keys.example.com", "JOBCAST_JWKS_URL", "unset it"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(name: str, value: str, shown: str, allowed: str) -> None:
    environ = {name: value, **({"OPENAI_API_KEY": "k"} if name == "OPENAI_BASE_URL" else {})}
    message = sentence(**environ)
    assert name in message
    assert shown in message
    assert allowed in message
    assert "\n" not in message
    assert message.endswith(".")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REDIS_URL", f"http://user:{PASSWORD}@localhost"),
        ("REDIS_URL", f"redis://:{PASSWORD}@localhost:port"),
        ("REDIS_URL", PASSWORD),
        ("OPENAI_BASE_URL", f"https://user:{PASSWORD}@api.example.com"),
        ("OPENAI_BASE_URL", PASSWORD),
        ("JOBCAST_SECRET", PASSWORD),
    ],
)
def test_no_message_shows_a_secret(name: str, value: str) -> None:
    assert PASSWORD not in sentence(**{name: value})


@pytest.mark.parametrize(
    ("environ", "needs_embedded"),
    [
        ({}, True),
        ({"REDIS_URL": "redis://a"}, False),
        ({"QUEUE_REDIS_URL": "redis://a"}, True),
        ({"QUEUE_REDIS_URL": "redis://a", "EVENT_REDIS_URL": "redis://b"}, False),
    ],
)
def test_the_embedded_redis_fills_what_no_url_covers(environ: dict[str, str], needs_embedded: bool) -> None:
    assert (read(**environ).embedded_socket is not None) == needs_embedded


def test_the_url_of_the_embedded_redis_survives_odd_characters(tmp_path: Path) -> None:
    """A `%`, `#` or `?` in the path used to end or change it."""
    settings = read(DATA_DIR="/tmp/a b%20#c?d é")
    parsed = redis.ConnectionPool.from_url(settings.queue_redis_url).connection_kwargs
    assert parsed["path"] == str(settings.embedded_socket)


@pytest.mark.parametrize("part", ["long-name", "ü"], ids=["characters", "bytes"])
def test_a_long_data_dir_moves_the_socket_to_where_its_path_fits(part: str) -> None:
    """What counts is bytes: 60 umlauts are 120 of them."""
    one, other = (read(DATA_DIR=f"/{part * 60}/{name}").embedded_socket for name in "ab")
    assert one is not None
    assert len(os.fsencode(one)) <= 100
    assert one != other


def test_compression_is_asked_for() -> None:
    assert not read().compression
    assert read(WEBSOCKET_COMPRESSION="on").compression


def test_the_native_fan_out_can_be_turned_off() -> None:
    assert read().native
    assert not read(JOBCAST_NATIVE="off").native


def test_an_ipv6_address_is_bracketed_in_the_url() -> None:
    assert read(HOST="::1", PORT="81").url == "http://[::1]:81/"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("modules = 'agents'", "modules"),
        ("modules = ['not a name']", "modules"),
        ("modles = []", "'modles'"),
        ("modules = [", "is not valid TOML"),
        ("\udcff", "cannot be read"),
        ("[backends.a]\n[backends.a]", "is not valid TOML"),
        ("a = " + "[" * 5000, "is not valid TOML"),
    ],
)
def test_a_wrong_configuration_file_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "jobcast.toml"
    path.write_text(text, encoding="utf-8", errors="surrogateescape")
    message = sentence(JOBCAST_CONFIG=str(path))
    assert complaint in message
    assert "\n" not in message


def test_a_configuration_file_names_modules(tmp_path: Path) -> None:
    path = tmp_path / "jobcast.toml"
    path.write_text('modules = ["my_package.agents"]')
    assert read(JOBCAST_CONFIG=str(path)).modules == ("my_package.agents",)


def test_the_address_is_read_without_the_rest() -> None:
    """A terminal that only asks the server needs no key of a backend."""
    assert read_url({"PORT": "81", "JOBCAST_CONFIG": "/no/such/file"}) == "http://127.0.0.1:81/"


def test_a_worker_reloads_where_it_is_asked_to() -> None:
    assert read(JOBCAST_RELOAD="on").reload
