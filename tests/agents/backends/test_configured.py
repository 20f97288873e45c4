"""Configuration: which backends there are, and how they are announced."""

import pytest

from agents import InvalidBackend, OpenAIChat, Scripted, backends_from, entries


def test_without_a_server_there_is_the_script() -> None:
    backends = backends_from()
    assert list(backends) == ["scripted"]
    assert isinstance(backends["scripted"], Scripted)


def test_a_configured_server_is_the_default() -> None:
    backends = backends_from(base_url="http://localhost:1/v1", api_key="sk-1", model="m")
    assert list(backends) == ["openai", "scripted"]
    assert isinstance(backends["openai"], OpenAIChat)


def test_backends_are_announced_in_order_and_without_their_key() -> None:
    first, second = entries(backends_from(base_url="https://x.example/v1", api_key="sk-secret", model="m"))
    assert (first.name, first.kind, first.models) == ("openai", "openai", ["m"])
    assert first.description == "OpenAI-compatible server at x.example"
    assert (second.name, second.kind) == ("scripted", "scripted")
    assert "secret" not in repr((first, second))


def test_a_wrong_server_is_refused() -> None:
    with pytest.raises(InvalidBackend):
        backends_from(base_url="nowhere")
