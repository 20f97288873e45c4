"""Where an Ollama is looked for: as Ollama's own programs read `OLLAMA_HOST`."""

import os

import pytest

from launch.settings import SettingsError, read_settings


def address(host: str) -> str | None:
    return read_settings({"JOBCAST_CONFIG": os.devnull, "OLLAMA_HOST": host}).ollama_url


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("", "http://127.0.0.1:11434"),
        ("off", None),
        ("OFF", None),
        ("gpu.example", "http://gpu.example:11434"),
        ("gpu.example:81", "http://gpu.example:81"),
        (":81", "http://127.0.0.1:81"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:81", "http://127.0.0.1:81"),
        ("[::1]", "http://[::1]:11434"),
        ("[::]:81", "http://[::1]:81"),
        ("http://gpu.example", "http://gpu.example"),
        ("https://gpu.example/ollama/", "https://gpu.example/ollama"),
        ("https://gpu.example:8443", "https://gpu.example:8443"),
    ],
)
def test_an_address_is_read_as_ollama_reads_it(host: str, url: str | None) -> None:
    assert address(host) == url


@pytest.mark.parametrize("host", ["::1", "a b", "ftp://x", "http://", "host:port", "user:hunter2@x"])
def test_what_is_no_address_is_refused(host: str) -> None:
    with pytest.raises(SettingsError, match=r"OLLAMA_HOST is .*, but must be a host") as caught:
        address(host)
    assert "hunter2" not in str(caught.value)
