"""Addresses and keys: what cannot work is refused before it is used."""

import pytest

from agents.backends.transport.address import checked_key, is_loopback, server_url, under
from agents.errors import InvalidBackend


@pytest.mark.parametrize(
    ("base_url", "url"),
    [
        ("https://api.openai.com/v1", "https://api.openai.com/v1/chat/completions"),
        ("http://localhost:11434/v1/", "http://localhost:11434/v1/chat/completions"),
        ("http://[::1]:8080", "http://[::1]:8080/chat/completions"),
        ("https://x.example/v1?api-version=2", "https://x.example/v1/chat/completions?api-version=2"),
    ],
)
def test_completions_are_below_the_base_url(base_url: str, url: str) -> None:
    assert str(under(server_url("openai", base_url), "/chat/completions")) == url


@pytest.mark.parametrize("address", ["https://x.example/ask/", "http://x:8080/a/b?c=d", "http://x/"])
def test_without_a_path_the_base_url_is_the_whole_address(address: str) -> None:
    assert str(under(server_url("sse", address), "")) == address


@pytest.mark.parametrize(
    "base_url", ["", "api.openai.com/v1", "ftp://x/v1", "http://", "http://a:b:c", "/v1"]
)
def test_a_base_url_that_cannot_work_is_refused(base_url: str) -> None:
    with pytest.raises(InvalidBackend, match="base URL of the backend 'openai'"):
        server_url("openai", base_url)


def test_a_key_loses_the_white_space_around_it() -> None:
    assert checked_key("openai", " sk-1\n") == "sk-1"
    assert checked_key("openai", None) is checked_key("openai", " ") is None


@pytest.mark.parametrize("key", ["sk-1\nX: y", "sk 1", "sk-ä", "sk-\x00"])
def test_a_key_that_no_header_can_carry_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(InvalidBackend) as raised:
        checked_key("openai", key)
    assert "sk" not in str(raised.value)


def test_this_machine_is_known() -> None:
    assert all(map(is_loopback, ("localhost", "a.localhost", "127.0.0.1", "127.8.8.8", "::1")))
    assert not any(map(is_loopback, ("api.openai.com", "10.0.0.1", "localhost.example.com", "::2")))
