"""Configuration: which backends there are, and how they are announced."""

import pytest

from agents import BackendConfig, InvalidBackend, OpenAIChat, Scripted, backends_from, entries
from tests.agents.collecting import answer, asking, text_of

SECRET = "sk-secret"
SERVER = BackendConfig(
    name="openai", kind="openai", base_url="https://x.example/v1", api_key=SECRET, model="m"
)
SCRIPTED = BackendConfig(name="scripted", kind="scripted")


def test_without_a_configuration_there_is_the_script() -> None:
    backends = backends_from()
    assert list(backends) == ["scripted"]
    assert isinstance(backends["scripted"], Scripted)


def test_the_first_that_is_configured_is_the_default() -> None:
    backends = backends_from([SERVER, SCRIPTED])
    assert list(backends) == ["openai", "scripted"]
    assert isinstance(backends["openai"], OpenAIChat)


def test_backends_are_announced_in_order_and_without_their_key() -> None:
    first, second = entries(backends_from([SERVER, SCRIPTED]))
    assert (first.name, first.kind, first.models) == ("openai", "openai", ["m"])
    assert first.description == "OpenAI-compatible server at x.example"
    assert (second.name, second.kind) == ("scripted", "scripted")
    assert "secret" not in repr((first, second))


def test_suggested_models_follow_the_default_one() -> None:
    config = BackendConfig(
        name="gpt", kind="openai", base_url="https://x.example/v1", model="m", models=("n", "m", "o")
    )
    (entry,) = entries(backends_from([config]))
    assert (entry.name, entry.models) == ("gpt", ["m", "n", "o"])


async def test_a_script_can_have_another_name_and_another_default() -> None:
    config = BackendConfig(name="demo", kind="scripted", model="count-3@1000")
    backends = backends_from([config, SCRIPTED])
    assert [entry.models for entry in entries(backends)] == [["count-3@1000"], ["essay", "count-1000@50"]]
    assert text_of(await answer(backends["demo"], asking("x"))) == "1 2 3"


async def test_a_custom_backend_goes_by_the_name_of_the_configuration() -> None:
    config = BackendConfig(
        name="mine", kind="custom", factory="tests.agents.backends.authored:Echo", options={"words": 2}
    )
    backends = backends_from([config])
    (entry,) = entries(backends)
    assert (entry.name, entry.kind, entry.models) == ("mine", "echo", ["loud", "low"])
    assert text_of(await answer(backends["mine"], asking("x", model="m"))) == "m m "


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (BackendConfig(name="a", kind="openai", base_url="nowhere", model="m"), "'a' must begin with http"),
        (BackendConfig(name="a", kind="sse", model="m"), "'a' of the kind 'sse' needs a base_url"),
        (BackendConfig(name="a", kind="ollama"), "'a' of the kind 'ollama' needs a model"),
        (BackendConfig(name="a", kind="custom"), "'a' of the kind 'custom' needs a factory"),
        (BackendConfig(name="a", kind="telepathy"), "'telepathy' of the backend 'a'"),
    ],
)
def test_a_wrong_configuration_is_refused(config: BackendConfig, said: str) -> None:
    with pytest.raises(InvalidBackend, match=said):
        backends_from([config])


def test_two_of_one_name_are_refused() -> None:
    with pytest.raises(InvalidBackend, match="Two backends are named 'scripted'"):
        backends_from([SCRIPTED, SCRIPTED])


def test_a_configuration_does_not_print_its_key() -> None:
    assert "secret" not in f"{SERVER} {SERVER!r} {list(SERVER.__rich_repr__())}"


def test_a_script_that_there_is_not_is_refused_at_the_start() -> None:
    with pytest.raises(InvalidBackend, match="'demo' cannot be: The scripted backend has no model"):
        backends_from([BackendConfig(name="demo", kind="scripted", model="count-abc")])
